import { FdOutput, OutputClosed } from './fd-output.js'

const ENCODER = new TextEncoder()

/** Writes an answer to stdout. A reader that has closed it (`| head`) has seen enough. */
export function print(text: string): void {
  const bytes = ENCODER.encode(text)
  try {
    new FdOutput(1).write(bytes, bytes.length)
  } catch (error) {
    if (!(error instanceof OutputClosed)) throw error
  }
}
