// What browsers offer, over all their versions: a list that holds more, or in another order, is not theirs. A list that holds
// less may be a policy's doing, and accuses nobody.
//
// Chromium: BoringSSL's lists as Chromium sets them (net/socket/ssl_client_socket_impl.cc), and captures of builds 92 to 156.
// Firefox: NSS's lists as Firefox sets them (security/manager/ssl/nsNSSIOLayer.cpp), and captures of 128 to 159.
// Safari: published hellos of Safari 12 to 26; none was recorded here.

import type { Engine } from '../claim.js'

/** The last major version of each engine that captures or vendors' words describe: newer ones may have new features. */
export const NEWEST_KNOWN: Readonly<Record<Engine, number>> = {
  chromium: 156,
  firefox: 159,
  safari: 26,
}

/** TLS 1.3 suites in the orders a library has: by hardware, or by a policy. */
export const TLS13_ORDERS: Readonly<Record<Engine, readonly (readonly number[])[]>> = {
  chromium: [
    [0x1301, 0x1302, 0x1303],
    [0x1303, 0x1301, 0x1302],
    [0x1302, 0x1301, 0x1303],
  ],
  firefox: [
    [0x1301, 0x1303, 0x1302],
    [0x1303, 0x1301, 0x1302],
  ],
  safari: [
    [0x1301, 0x1302, 0x1303],
    [0x1302, 0x1303, 0x1301],
    [0x1303, 0x1301, 0x1302],
  ],
}

/** Suites of TLS 1.2 and before, in order. */
export const OLDER_ORDERS: Readonly<Record<Engine, readonly (readonly number[])[]>> = {
  chromium: [
    [
      ...[0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014],
      ...[0x9c, 0x9d, 0x2f, 0x35, 0x0a],
    ],
    [
      ...[0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc009, 0xc013, 0xc00a, 0xc014],
      ...[0x9c, 0x9d, 0x2f, 0x35, 0x0a],
    ],
  ],
  firefox: [
    [
      ...[0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014],
      ...[0x9e, 0xccaa, 0x9f, 0x33, 0x32, 0x39, 0x9c, 0x9d, 0x2f, 0x35, 0x0a],
    ],
    [
      ...[0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014],
      ...[0x9e, 0xccaa, 0x9f, 0x33, 0x32, 0x39, 0x9c, 0x9d, 0x2f, 0x35, 0x0a],
    ],
  ],
  safari: [
    [
      ...[0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f, 0xcca8, 0xc024, 0xc023, 0xc00a, 0xc009],
      ...[0xc028, 0xc027, 0xc014, 0xc013, 0x9d, 0x9c, 0x3d, 0x3c, 0x35, 0x2f],
      ...[0xc008, 0xc012, 0x0a],
    ],
    [
      ...[0xc02c, 0xc02b, 0xc024, 0xc023, 0xc00a, 0xc009, 0xcca9, 0xc030, 0xc02f, 0xc028],
      ...[0xc027, 0xc014, 0xc013, 0xcca8, 0x9d, 0x9c, 0x3d, 0x3c, 0x35, 0x2f],
      ...[0xc008, 0xc012, 0x0a],
    ],
  ],
}

/** Signature algorithms in order, TCP's and QUIC's. */
export const SCHEME_ORDERS: Readonly<Record<Engine, readonly (readonly number[])[]>> = {
  chromium: [[0x904, 0x905, 0x906, 0x403, 0x804, 0x401, 0x503, 0x805, 0x501, 0x806, 0x601, 0x201]],
  firefox: [
    [
      ...[0x904, 0x905, 0x906, 0x403, 0x503, 0x603, 0x804, 0x805, 0x806, 0x401, 0x501, 0x601],
      ...[0x203, 0x201, 0x402, 0x502, 0x602, 0x202],
    ],
    [0x403, 0x503, 0x603, 0x203, 0x804, 0x805, 0x806, 0x401, 0x501, 0x601, 0x201],
  ],
  safari: [
    [0x403, 0x804, 0x401, 0x503, 0x203, 0x805, 0x805, 0x501, 0x806, 0x601, 0x201],
    [0x904, 0x905, 0x906, 0x403, 0x804, 0x401, 0x503, 0x203, 0x805, 0x501, 0x806, 0x601, 0x201],
  ],
}

export const GROUPS: Readonly<Record<Engine, ReadonlySet<number>>> = {
  chromium: new Set([4588, 25497, 16696, 29, 23, 24]),
  firefox: new Set([4588, 25497, 29, 23, 24, 25, 256, 257, 258, 259, 260]),
  safari: new Set([4588, 29, 23, 24, 25]),
}

/** Groups that compliance settings of newer browsers add: rare, and no lie. */
export const NEW_GROUPS: ReadonlySet<number> = new Set([512, 513, 514, 4587, 4589])

/** Extensions; GREASE aside. */
export const EXTENSIONS: Readonly<Record<Engine, ReadonlySet<number>>> = {
  chromium: new Set([
    ...[0, 5, 10, 11, 13, 16, 18, 21, 23, 24, 27, 35, 41, 42, 43, 44, 45, 51, 57],
    ...[13172, 17513, 17613, 30032, 51764, 65037, 65281, 65445],
  ]),
  firefox: new Set([
    ...[0, 5, 10, 11, 13, 16, 18, 21, 23, 27, 28, 34, 35, 41, 42, 43, 44, 45, 49, 51, 57],
    ...[13172, 65037, 65281, 65445, 65486],
  ]),
  safari: new Set([
    ...[0, 5, 10, 11, 13, 16, 18, 21, 23, 27, 41, 42, 43, 44, 45, 51, 57],
    ...[13172, 65281, 65445],
  ]),
}

/** Certificate compression: Brotli for Chromium, zlib for Safari, all three for Firefox. */
export const CERT_COMPRESSION: Readonly<Record<Engine, ReadonlySet<number>>> = {
  chromium: new Set([2]),
  firefox: new Set([1, 2, 3]),
  safari: new Set([1]),
}

/** Extension types that software of today sends; others may be new ones of any browser. */
export function isWellKnownExtension(type: number): boolean {
  return type <= 58 || WELL_KNOWN.has(type)
}
const WELL_KNOWN: ReadonlySet<number> = new Set([13172, 17513, 17613, 30031, 30032, 65281, 65037])
