import { FdOutput, OutputClosed } from './fd-output.js'

const ENCODER = new TextEncoder()

/** Writes an answer to stdout. Whoever has closed it (`| head`) has seen enough. */
export function print(text: string): void {
  const octets = ENCODER.encode(text)
  try {
    new FdOutput(1).write(octets, octets.length)
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error
  }
}
