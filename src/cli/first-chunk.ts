import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { reasonOf } from '../base/error-reason.js'
import { CaptureError } from '../capture/capture-error.js'

/** First byte of a JSON object. */
export const OPEN_BRACE = 0x7b

/**
 * The first chunk of a stream, which stays in the stream; undefined if the stream ends without a byte.
 * @param name the stream's name in the error
 * @throws CaptureError if the stream cannot be read
 */
export async function firstChunk(stream: Readable, name: string): Promise<Buffer | undefined> {
  try {
    for (;;) {
      const chunk = stream.read() as Buffer | null
      if (chunk !== null) {
        stream.unshift(chunk)
        return chunk
      }
      if (stream.readableEnded) return undefined
      await Promise.race([once(stream, 'readable'), once(stream, 'end')])
    }
  } catch (cause) {
    throw new CaptureError('NOT_READABLE', `cannot read ${name}: ${reasonOf(cause)}`, { cause })
  }
}
