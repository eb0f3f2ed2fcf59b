// What the rules of this folder read of a hello: its lists as numbers, and the evidence kept beside it.

import { u16, u8 } from '../../base/bytes.js'
import { isGrease } from '../../base/grease.js'
import type { Transport } from '../../model/handshake-bytes.js'
import type { Implementation } from '../../model/implementation.js'
import type { Hello } from '../../model/hello.js'
import * as type from '../../tls/extension-type.js'
import type { Evidence } from '../../tls/read-evidence.js'

export interface KeyShareFact {
  readonly group: number
  readonly length: number
}

/** One hello, as plain numbers in wire order, GREASE included. */
export interface HelloFacts {
  readonly transport: Transport
  readonly ciphers: readonly number[]
  readonly extensions: readonly number[]
  /** Bytes of each extension's body. */
  readonly extensionLengths: readonly number[]
  readonly groups: readonly number[]
  readonly schemes: readonly number[]
  readonly versions: readonly number[]
  readonly pointFormats: readonly number[]
  readonly keyShares: readonly KeyShareFact[]
  readonly certCompression: readonly number[]
  readonly alpnCount: number
  readonly recordSizeLimit: number | undefined
  /** Body of the last GREASE extension, where it is one byte long. */
  readonly greaseBody: number | undefined
  readonly helloLen: number
  readonly serverNameLen: number
  /** Whether it answers a HelloRetryRequest: then lists repeat the first hello's. */
  readonly isSecond: boolean
  readonly evidence: Evidence | undefined
  /** When it was seen, microseconds since the Unix epoch. */
  readonly timeMicros: number
  /** Which library made it, where that was asked. */
  readonly identified?: Pick<Implementation, 'library' | 'confidence' | 'basis'> | undefined
}

/** What stands beside a hello. */
export interface HelloContext {
  readonly transport: Transport
  readonly isSecond: boolean
  readonly evidence: Evidence | undefined
  readonly timeMicros: number
  readonly identified?: HelloFacts['identified']
}

/** Takes the facts out of a parsed ClientHello; nothing of its bytes is kept. */
export function factsOf(hello: Hello, context: HelloContext): HelloFacts {
  const { bytes, extensionCount } = hello
  const extensions = [...hello.extensionType.subarray(0, extensionCount)]
  const lastGrease = extensions.findLastIndex(isGrease)
  return {
    ...context,
    ciphers: values(bytes, hello.cipherSuitesOff, hello.cipherSuitesLen),
    extensions,
    extensionLengths: [...hello.extensionLen.subarray(0, extensionCount)],
    groups: values(bytes, hello.supportedGroupsOff, hello.supportedGroupsLen),
    schemes: values(bytes, hello.signatureAlgorithmsOff, hello.signatureAlgorithmsLen),
    versions: values(bytes, hello.supportedVersionsOff, hello.supportedVersionsLen),
    pointFormats:
      hello.ecPointFormatsOff < 0
        ? []
        : [
            ...bytes.subarray(
              hello.ecPointFormatsOff,
              hello.ecPointFormatsOff + hello.ecPointFormatsLen,
            ),
          ],
    keyShares: keySharesOf(hello, extensions.indexOf(type.KEY_SHARE)),
    certCompression: certCompressionOf(hello, extensions.indexOf(type.COMPRESS_CERTIFICATE)),
    alpnCount: hello.alpnLen,
    recordSizeLimit: u16Body(hello, extensions.indexOf(type.RECORD_SIZE_LIMIT)),
    greaseBody:
      lastGrease >= 0 && hello.extensionLen[lastGrease] === 1
        ? u8(bytes, hello.extensionOff[lastGrease] ?? 0)
        : undefined,
    helloLen: hello.end - hello.off,
    serverNameLen: hello.serverNameLen,
  }
}

function values(bytes: Uint8Array, off: number, len: number): number[] {
  const list: number[] = []
  if (off >= 0) for (let at = off; at + 1 < off + len; at += 2) list.push(u16(bytes, at))
  return list
}

function keySharesOf(hello: Hello, index: number): KeyShareFact[] {
  const shares: KeyShareFact[] = []
  if (index < 0) return shares
  const { bytes } = hello
  const off = hello.extensionOff[index] ?? 0
  const end = off + (hello.extensionLen[index] ?? 0)
  let at = off + 2
  while (end - at >= 4) {
    const length = u16(bytes, at + 2)
    if (length > end - at - 4) break
    shares.push({ group: u16(bytes, at), length })
    at += 4 + length
  }
  return shares
}

function certCompressionOf(hello: Hello, index: number): number[] {
  if (index < 0) return []
  const len = hello.extensionLen[index] ?? 0
  return len < 3 ? [] : values(hello.bytes, (hello.extensionOff[index] ?? 0) + 1, len - 1)
}

function u16Body(hello: Hello, index: number): number | undefined {
  if (index < 0 || hello.extensionLen[index] !== 2) return undefined
  return u16(hello.bytes, hello.extensionOff[index] ?? 0)
}
