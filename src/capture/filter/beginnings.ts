// How the payload of a segment begins with which a hello may come: what src/stream and src/carrier find, told by its first
// bytes alone. Of random bytes one segment in 10,000 begins so.

/** A byte of the payload: its offset, the least and the greatest value it may have. */
type ByteRange = readonly [off: number, least: number, greatest: number]

/** Bytes of the payload that are looked at. */
export const BEGINNING_LEN = 9

const at = (off: number, ...values: readonly number[]): ByteRange[] =>
  values.map((value, i) => [off + i, value, value])

const HANDSHAKE = 0x16
const TLS_RECORD: readonly ByteRange[] = at(0, HANDSHAKE, 3)
const MAGIC_COOKIE = [0x21, 0x12, 0xa4, 0x42]

/** Beginnings of a server's messages: ServerHello, Certificate. */
const OF_SERVERS: readonly (readonly ByteRange[])[] = [
  [...TLS_RECORD, ...at(5, 2)],
  [...TLS_RECORD, ...at(5, 11)],
]

/** Beginnings of requests of plain HTTP. */
const REQUESTS = ['GET ', 'POST', 'HEAD', 'PUT ', 'OPTI', 'DELE', 'PATC']

const OF_CLIENTS: readonly (readonly ByteRange[])[] = [
  // a ClientHello, an empty record before it, and TLCP's
  [...TLS_RECORD, ...at(5, 1)],
  [...TLS_RECORD, ...at(3, 0, 0)],
  [...at(0, HANDSHAKE, 1, 1), ...at(5, 1)],
  // CLIENT-HELLO of SSL 2.0, of version 2 or 3.x
  [[0, 0x80, 0x83], ...at(2, 1, 0, 2)],
  [[0, 0x80, 0x83], ...at(2, 1, 3)],
  // change_cipher_spec or alert
  [[0, 0x14, 0x15], ...at(1, 3), ...at(3, 0), [4, 1, 2]],
  // PROXY, CONNECT, PROXY 2, PostgreSQL's and MySQL's SSLRequest
  at(0, 0x50, 0x52, 0x4f, 0x58),
  at(0, 0x43, 0x4f, 0x4e, 0x4e),
  at(0, 0x0d, 0x0a, 0x0d, 0x0a),
  at(0, 0, 0, 0, 8),
  at(0, 0x20, 0, 0, 1),
  // SOCKS 4 and 5
  at(0, 4, 1),
  [...at(0, 5), [1, 1, 15], [2, 0, 15]],
  // a record in TDS
  [...at(0, 0x12), [1, 0, 0x1f], ...at(7, 0, HANDSHAKE)],
  // COTP in TPKT
  [...at(0, 3, 0), ...at(5, 0xf0)],
  // DTLS framed by RFC 4571, in TURN's channels and indications
  [[0, 0, 5], ...at(2, HANDSHAKE, 0xfe)],
  [[0, 0x40, 0x4f], ...at(4, HANDSHAKE, 0xfe)],
  [...at(0, 0), [1, 0x16, 0x17], ...at(4, ...MAGIC_COOKIE)],
]

/** What is looked for besides clients' hellos: servers' hellos, requests of plain HTTP. */
export interface CloseLook {
  readonly server: boolean
  readonly requests: boolean
}

/** The beginnings that are looked for. */
export function beginnings({ server, requests }: CloseLook): readonly (readonly ByteRange[])[] {
  return [
    ...OF_CLIENTS,
    ...(server ? OF_SERVERS : []),
    ...(requests ? REQUESTS.map((word) => at(0, ...new TextEncoder().encode(word))) : []),
  ]
}
