// Hellos as the rules read them: what browsers send, to be changed by tests.

import type { Claim } from '../../../src/knowledge/claim.js'
import type { HelloFacts } from '../../../src/knowledge/check/hello-facts.js'

const EXTENSIONS = [0, 23, 65281, 10, 11, 35, 16, 5, 13, 18, 51, 45, 43, 27, 17613, 65037]

/** Random numbers of a seed (mulberry32): tests repeat. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Chromium 138's hello of connection `seed`: GREASE and order drawn anew. */
export function chromium(change: Partial<HelloFacts> = {}, seed = 1): HelloFacts {
  const next = random(seed)
  const grease = () => Math.floor(next() * 16) * 0x1010 + 0x0a0a
  const first = grease()
  const last = (first ^ 0x1010) & 0xffff
  const group = grease()
  const middle = EXTENSIONS.map((id) => ({ id, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id)
  const extensions = change.extensions ?? [first, ...middle, last]
  return {
    transport: 'tcp',
    ciphers: [
      ...[grease(), 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
      ...[0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35],
    ],
    extensions,
    extensionLengths: extensions.map((_, index) => (index === extensions.length - 1 ? 1 : 0)),
    groups: [group, 4588, 29, 23, 24],
    schemes: [0x403, 0x804, 0x401, 0x503, 0x805, 0x501, 0x806, 0x601],
    versions: [grease(), 0x0304, 0x0303],
    pointFormats: [0],
    keyShares: [
      { group, length: 1 },
      { group: 4588, length: 1216 },
      { group: 29, length: 32 },
    ],
    certCompression: [2],
    alpnCount: 12,
    recordSizeLimit: undefined,
    greaseBody: 0,
    helloLen: 1700,
    serverNameLen: 16,
    isSecond: false,
    evidence: {
      version: 1,
      x25519_shared: false,
      session_id_len: 32,
      ech: { kdf: 1, aead: 1, enc_len: 32, payload_len: 144 + 32 * (seed % 4) },
    },
    timeMicros: seed * 1e6,
    ...change,
  }
}

/** Firefox 140's hello. */
export function firefox(change: Partial<HelloFacts> = {}): HelloFacts {
  const extensions = change.extensions ?? [
    ...[0, 23, 65281, 10, 11, 35, 16, 5, 34, 18, 51, 43, 13, 45, 28, 27, 65037],
  ]
  return {
    transport: 'tcp',
    ciphers: [
      ...[0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a],
      ...[0xc009, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35],
    ],
    extensions,
    extensionLengths: extensions.map(() => 0),
    groups: [4588, 29, 23, 24, 25, 256, 257],
    schemes: [0x403, 0x503, 0x603, 0x804, 0x805, 0x806, 0x401, 0x501, 0x601, 0x203, 0x201],
    versions: [0x0304, 0x0303],
    pointFormats: [0],
    keyShares: [
      { group: 4588, length: 1216 },
      { group: 29, length: 32 },
      { group: 23, length: 65 },
    ],
    certCompression: [1, 2, 3],
    alpnCount: 12,
    recordSizeLimit: 0x4001,
    greaseBody: undefined,
    helloLen: 1894,
    serverNameLen: 16,
    isSecond: false,
    evidence: {
      version: 1,
      x25519_shared: true,
      session_id_len: 32,
      ech: { kdf: 1, aead: 3, enc_len: 32, payload_len: 239 },
    },
    timeMicros: 1e6,
    ...change,
  }
}

/** A Safari 18 claim's hello. */
export function safari(change: Partial<HelloFacts> = {}, seed = 1): HelloFacts {
  const { extensions: wire, ...base } = chromium({}, seed)
  const extensions = [
    ...[wire[0] ?? 0, 0, 23, 65281, 10, 11, 16, 5, 13, 18, 51, 45, 43, 27, wire.at(-1) ?? 0],
  ]
  return {
    ...base,
    extensions,
    extensionLengths: extensions.map((_, index) => (index === extensions.length - 1 ? 1 : 0)),
    ciphers: [base.ciphers[0] ?? 0, 0x1301, 0x1302, 0x1303, 0xc02c, 0xc02b, 0xcca9, 0x0a],
    groups: [base.groups[0] ?? 0, 29, 23, 24, 25],
    schemes: [0x403, 0x804, 0x401, 0x503, 0x805, 0x805, 0x501, 0x806, 0x601, 0x201],
    keyShares: [
      { group: base.groups[0] ?? 0, length: 1 },
      { group: 29, length: 32 },
    ],
    certCompression: [1],
    evidence: { version: 1, session_id_len: 32 },
    ...change,
  }
}

export const CHROME: Claim = { name: 'Chrome', engine: 'chromium', version: 138, os: 'linux' }
export const FIREFOX: Claim = { name: 'Firefox', engine: 'firefox', version: 140, os: 'linux' }
export const SAFARI: Claim = { name: 'Safari', engine: 'safari', version: 18, os: 'macos' }
