// Profiles of hellos, kept in memory of WebAssembly: assembly/profile-table.ts finds them by their keys, and makes their
// texts those of the hello at hand. Here it is given what it needs of a hello, and the texts of profiles that are new.

import { MAX_HELLO_LEN } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { HandshakeBytes, Transport } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import type { ProfileMemory } from './compiled.js'
import { DIGEST_STATE_LEN } from '../kernels/digest-layout.js'
import { greaseFrom, NO_GREASE, TYPES_IN_WHOLE } from './npf.js'
import {
  AT_BODY_KINDS,
  BODY_IN_WHOLE,
  BODY_WITH_GREASE,
  DIGEST_HEAD_WORDS,
  LIST_HEAD_WORDS,
  PLAN_HEAD_WORDS,
} from '../kernels/profile-layout.js'
import type { ProfileMarks } from './profile-marks.js'
import { TransportParameterKey } from './transport-parameter-key.js'

/** Numbers of the transports in WebAssembly. Those from 9 on name pieces of text alone: a profile of theirs is one of tcp. */
export const TRANSPORT_CODES = {
  tcp: 0,
  quic: 1,
  dtls: 2,
  eap: 9,
  openvpn: 10,
  'tls/sctp': 11,
  'tls/rdpudp': 12,
} as const

/** Profiles of one set of fingerprints, as many as base/limits.ts has room for. */
export class ProfileTable {
  readonly #memory: ProfileMemory
  readonly #parameters: TransportParameterKey
  /** The text of each profile in the line. */
  readonly #shown: Uint8Array[] = []

  constructor(memory: ProfileMemory) {
    this.#memory = memory
    this.#parameters = new TransportParameterKey(memory.bytes)
    for (const type of TYPES_IN_WHOLE) {
      const from = greaseFrom(type)
      memory.bytes[AT_BODY_KINDS + type] =
        from === NO_GREASE ? BODY_IN_WHOLE : BODY_WITH_GREASE + from
    }
  }

  /** What is shown of the hello's profile, made that of this hello; undefined where the profile is not kept. */
  find(message: HandshakeBytes, hello: Hello): Uint8Array | undefined {
    const { bytes, end, cipherSuitesOff, extensionCount } = hello
    const len = end - cipherSuitesOff
    if (len > MAX_HELLO_LEN) return undefined
    const start = this.#memory.copyHello(bytes, cipherSuitesOff, end)
    const extensionsOff = extensionCount === 0 ? end : (hello.extensionOff[0] ?? 0) - 4
    const index = this.#memory.compiled.find(
      profileCode(message.transport),
      message.recordVersion,
      message.quicVersion,
      hello.legacyVersion,
      start,
      len,
      hello.cipherSuitesLen,
      extensionsOff - cipherSuitesOff,
      message.transport === 'quic' ? this.#parameters.write(hello) : 0,
    )
    return index < 0 ? undefined : this.#shown[index]
  }

  /**
   * Keeps the profile of the hello looked up last, where there is a place for it.
   *
   * @returns what is shown of it; of one without a place that is in `text` itself, until that is written to again
   */
  add(text: ByteWriter, marks: ProfileMarks): Uint8Array {
    const { bytes, compiled } = this.#memory
    const { shownEnd, lists, digests } = marks
    const written = text.bytes.subarray(0, text.len)
    let planWords = PLAN_HEAD_WORDS + digests.length * (DIGEST_HEAD_WORDS + DIGEST_STATE_LEN / 4)
    for (const { elements } of lists) planWords += LIST_HEAD_WORDS + elements.length
    const textLen = (text.len + 7) & ~7
    const start = compiled.room(textLen + 4 * planWords)
    if (start === 0) return written.subarray(0, shownEnd)

    bytes.set(written, start)
    this.#writePlan(start, start + textLen, marks)
    const shown = bytes.subarray(start, start + shownEnd)
    this.#shown[compiled.keep(start, shownEnd, start + textLen)] = shown
    return shown
  }

  #writePlan(start: number, plan: number, { lists, digests }: ProfileMarks): void {
    const { words } = this.#memory
    let at = plan / 4
    words[at++] = lists.length
    words[at++] = digests.length
    for (const { off, end, elements } of lists) {
      words[at++] = start + off
      words[at++] = start + end
      for (const element of elements) words[at++] = start + element
    }
    for (const { algorithm, off, end, permutedOff, digitsOff, digits } of digests) {
      words[at++] = algorithm
      words[at++] = start + off
      words[at++] = start + permutedOff
      words[at++] = start + end
      words[at++] = start + digitsOff
      words[at++] = digits / 2
      at += DIGEST_STATE_LEN / 4
    }
  }
}

/** The transport in a profile's key: all carriers of TLS count as TLS. */
function profileCode(transport: Transport): number {
  return transport === 'quic' || transport === 'dtls'
    ? TRANSPORT_CODES[transport]
    : TRANSPORT_CODES.tcp
}
