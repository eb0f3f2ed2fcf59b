import type { Hello } from '../model/hello.js'

const SERVER_HELLO = 2
/** SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
const HELLO_RETRY_REQUEST_RANDOM = Uint8Array.of(
  ...[
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
  ],
  ...[
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
  ],
)

/** Whether a parsed ServerHello is a HelloRetryRequest: by its random (RFC 8446 §4.1.3). */
export function isHelloRetryRequest(hello: Hello): boolean {
  if (hello.handshakeType !== SERVER_HELLO) return false
  const { bytes, randomOff } = hello
  for (let i = 0; i < HELLO_RETRY_REQUEST_RANDOM.length; i++)
    if (bytes[randomOff + i] !== HELLO_RETRY_REQUEST_RANDOM[i]) return false
  return true
}
