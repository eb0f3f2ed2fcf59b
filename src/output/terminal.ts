/** Characters of a line where that is not known. */
const USUAL_WIDTH = 120

/** Characters a line of the terminal has. */
export function terminalWidth(): number {
  return process.stdout.columns || USUAL_WIDTH
}

/** Whether to colour what is printed. https://no-color.org: NO_COLOR set to anything but "" asks for no colour. */
export function isColoured(): boolean {
  return process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''
}
