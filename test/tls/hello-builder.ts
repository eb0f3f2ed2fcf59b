// Hand-made handshake messages, for the tests of every room.

/** One extension: its type and the bytes of its body. */
export type Extension = readonly [type: number, body: readonly number[] | Uint8Array]

export interface ClientHelloParts {
  readonly version?: number
  readonly random?: readonly number[]
  readonly sessionId?: readonly number[]
  /** Present: a DTLS hello, with this cookie. */
  readonly cookie?: readonly number[]
  readonly ciphers?: readonly number[]
  readonly compression?: readonly number[]
  /** null leaves out even the length of the block. */
  readonly extensions?: readonly Extension[] | null
}

export interface ServerHelloParts {
  readonly version?: number
  readonly random?: readonly number[]
  readonly sessionId?: readonly number[]
  readonly cipher?: number
  readonly compression?: number
  readonly extensions?: readonly Extension[] | null
}

/** `value` as two bytes. */
export const be16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff]
/** `value` as three bytes. */
export const be24 = (value: number): number[] => [(value >> 16) & 0xff, ...be16(value)]
/** The bytes of a string of ASCII characters. */
export const ascii = (text: string): number[] => Array.from(text, (c) => c.charCodeAt(0))
/** `body` with its length in one byte in front. */
export const vector8 = (body: readonly number[]): number[] => [body.length, ...body]
/** `body` with its length in two bytes in front. */
export const vector16 = (body: readonly number[]): number[] => [...be16(body.length), ...body]
/** 16-bit values under two bytes of length: the body of supported_groups and signature_algorithms. */
export const u16List = (...values: readonly number[]): number[] => vector16(values.flatMap(be16))
/** `count` bytes that count up from `first`, so that secrets can be told from zeros. */
export const byteRun = (count: number, first = 1): number[] =>
  Array.from({ length: count }, (_, i) => ((first + i) % 255) + 1)

/** The ClientHello handshake message, four bytes of header in front. */
export function clientHello(parts: ClientHelloParts = {}): Uint8Array {
  const { version = 0x0303, random = byteRun(32), sessionId = [], ciphers = [0x1301] } = parts
  const { compression = [0], extensions = [] } = parts
  return message(1, [
    ...be16(version),
    ...random,
    ...vector8(sessionId),
    ...(parts.cookie === undefined ? [] : vector8(parts.cookie)),
    ...vector16(ciphers.flatMap(be16)),
    ...vector8(compression),
    ...extensionBlock(extensions),
  ])
}

/** The ServerHello handshake message, four bytes of header in front. */
export function serverHello(parts: ServerHelloParts = {}): Uint8Array {
  const { version = 0x0303, random = byteRun(32), sessionId = [], cipher = 0x1301 } = parts
  const { compression = 0, extensions = [] } = parts
  const head = [...be16(version), ...random, ...vector8(sessionId), ...be16(cipher), compression]
  return message(2, [...head, ...extensionBlock(extensions)])
}

/** The message with the header of twelve bytes that DTLS sends, unfragmented (RFC 6347 §4.2.2). */
export function asDtls(message: Uint8Array, messageSeq = 0): Uint8Array {
  const length = message.subarray(1, 4)
  return Uint8Array.of(
    ...[message[0] ?? 0, ...length, ...be16(messageSeq), 0, 0, 0],
    ...length,
    ...message.subarray(4),
  )
}

/** A CLIENT-HELLO in SSL 2.0 framing (RFC 5246 App. E.2), msg_length in front. */
export function sslv2ClientHello(
  parts: {
    version?: number
    specs?: readonly number[]
    sessionId?: readonly number[]
    challenge?: readonly number[]
  } = {},
): Uint8Array {
  const { version = 0x0301, specs = [0x00002f], sessionId = [], challenge = byteRun(16) } = parts
  const body = [
    1,
    ...be16(version),
    ...be16(specs.length * 3),
    ...be16(sessionId.length),
    ...be16(challenge.length),
    ...specs.flatMap(be24),
    ...sessionId,
    ...challenge,
  ]
  return Uint8Array.of(...be16(0x8000 | body.length), ...body)
}

/** server_name of one host_name. */
export const serverName = (name: string | readonly number[]): Extension => [
  0,
  vector16([0, ...vector16(typeof name === 'string' ? ascii(name) : name)]),
]
export const supportedGroups = (...groups: readonly number[]): Extension => [10, u16List(...groups)]
export const ecPointFormats = (...formats: readonly number[]): Extension => [11, vector8(formats)]
export const signatureAlgorithms = (...schemes: readonly number[]): Extension => [
  13,
  u16List(...schemes),
]
export const alpn = (...names: readonly string[]): Extension => [
  16,
  vector16(names.flatMap((name) => vector8(ascii(name)))),
]
export const supportedVersions = (...versions: readonly number[]): Extension => [
  43,
  vector8(versions.flatMap(be16)),
]
/** key_share of [group, bytes of key]. */
export const keyShare = (...shares: readonly (readonly [number, number])[]): Extension => [
  51,
  vector16(shares.flatMap(([group, length]) => [...be16(group), ...vector16(byteRun(length))])),
]
/** pre_shared_key of identities and binders with these lengths. */
export const preSharedKey = (...lengths: readonly (readonly [number, number])[]): Extension => [
  41,
  [
    ...vector16(lengths.flatMap(([length]) => [...vector16(byteRun(length)), ...byteRun(4)])),
    ...vector16(lengths.flatMap(([, length]) => vector8(byteRun(length)))),
  ],
]
/** Outer encrypted_client_hello, HKDF-SHA256 and AES-128-GCM. */
export const ech = (payloadLen: number, encLen = 32): Extension => [
  65037,
  [0, 0, 1, 0, 1, 77, ...vector16(byteRun(encLen)), ...vector16(byteRun(payloadLen))],
]

/** A hello as a browser sends it: GREASE, permuted extensions, a post-quantum key share, GREASE ECH. */
export function browserHello(): Uint8Array {
  return clientHello({
    sessionId: byteRun(32, 40),
    ciphers: [
      ...[0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8],
      ...[0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035],
    ],
    extensions: [
      [0xbaba, []],
      serverName('www.example.test'),
      [23, []],
      [65281, [0]],
      supportedGroups(0x1a1a, 4588, 29, 23, 24),
      ecPointFormats(0),
      [35, []],
      alpn('h2', 'http/1.1'),
      [5, [1, 0, 0, 0, 0]],
      signatureAlgorithms(0x8a8a, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
      [18, []],
      keyShare([0x1a1a, 1], [4588, 1216], [29, 32]),
      [45, [1, 1]],
      supportedVersions(0x6a6a, 0x0304, 0x0303),
      [27, [2, 0, 2]],
      [17613, [0, 3, 2, 0x68, 0x32]],
      ech(176),
      [0xeaea, [0]],
    ],
  })
}

function message(type: number, body: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + body.length)
  bytes.set([type, ...be24(body.length)])
  bytes.set(body, 4)
  return bytes
}

function extensionBlock(extensions: readonly Extension[] | null): number[] {
  if (extensions === null) return []
  return vector16(extensions.flatMap(([type, body]) => [...be16(type), ...vector16([...body])]))
}
