import {
  alpn,
  empty,
  groups,
  list8,
  pointFormats,
  serverName,
  signatureAlgorithms,
  versions,
} from './hellos.js'
import type { HelloParts } from './hellos.js'

/** A hello like Chromium's, GREASE included; FoxIO's example `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export const browserHello: HelloParts = {
  ciphers: [
    0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
    0x009c, 0x009d, 0x002f, 0x0035,
  ],
  extensions: [
    empty(0x4a4a),
    [0x001b, list8([0, 2])],
    serverName('example.com'),
    [0x0033, Uint8Array.from([0, 5, 0x4a, 0x4a, 0, 1, 0])],
    alpn('h2', 'http/1.1'),
    [0x4469, Uint8Array.from([0, 3, 2, 0x68, 0x32])],
    empty(0x0017),
    [0x002d, list8([1])],
    signatureAlgorithms(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
    [0x0005, Uint8Array.from([1, 0, 0, 0, 0])],
    empty(0x0023),
    empty(0x0012),
    versions(0x3a3a, 0x0304, 0x0303),
    [0xff01, Uint8Array.of(0)],
    pointFormats(0),
    groups(0x5a5a, 0x001d, 0x0017, 0x0018),
    [0x0015, new Uint8Array(20)],
    [0x6a6a, Uint8Array.of(0)],
  ],
}

/** The same with its extensions shuffled, by a small generator started with `seed`. */
export function permuted(parts: HelloParts, seed: number): HelloParts {
  const extensions = [...parts.extensions]
  let state = seed + 1
  for (let i = extensions.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const j = (state >>> 8) % (i + 1)
    const held = extensions[i]
    const other = extensions[j]
    if (held === undefined || other === undefined) continue
    extensions[i] = other
    extensions[j] = held
  }
  return { ...parts, extensions }
}
