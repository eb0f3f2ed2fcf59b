// The members that identification adds to a sighting's line.

import type { ByteWriter } from '../../base/byte-writer.js'
import type { IdentifyHello } from '../../fingerprint/sighting-writer.js'
import type { HandshakeBytes } from '../../model/handshake-bytes.js'
import type { Hello } from '../../model/hello.js'
import type { Implementation } from '../../model/implementation.js'
import { maskOf } from '../check/mask.js'
import type { Base } from './base.js'
import { Identifier } from './identifier.js'
import { circumstancesOf } from './profile.js'

const ENCODER = new TextEncoder()

/**
 * Appends `"implementation"` to lines. Answers that come again are not made into text again.
 *
 * @param seed as Identifier takes it
 * @param isWhole whether the nearest profiles are told as well, a kilobyte or more, and the mask
 */
export function identifyLines(base: Base, seed: number, isWhole: boolean): IdentifyHello {
  const identifier = new Identifier(base, seed)
  const texts = new WeakMap<Implementation, Uint8Array>()
  return (message: HandshakeBytes, hello: Hello, out: ByteWriter) => {
    const circumstances = circumstancesOf(message)
    const answer = identifier.identify(hello, circumstances)
    let text = texts.get(answer)
    if (text === undefined) texts.set(answer, (text = textOf(answer, isWhole)))
    out.copy(text, 0, text.length)
    // the answer is remembered by profile, and a mask may show in one hello alone
    if (isWhole) out.ascii(`,"mask":${JSON.stringify(maskOf(hello, circumstances))}`)
  }
}

function textOf(answer: Implementation, isWhole: boolean): Uint8Array {
  const { nearest, ...rest } = answer
  const shown = isWhole ? { ...rest, nearest } : rest
  return ENCODER.encode(`,"implementation":${JSON.stringify(shown)}`)
}
