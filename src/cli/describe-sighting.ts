import { Hello } from '../model/hello.js'
import type { Sighting } from '../model/sighting.js'
import { describeHello } from '../tls/describe-hello.js'
import { parseClientHello } from '../tls/hello-parser.js'

/** Everything a sighting's kept hello says, for `detail=1`; undefined where the sighting carries none. */
export function describeSighting(sighting: Sighting): object | undefined {
  if (sighting.hello === undefined) return undefined
  const bytes = Buffer.from(sighting.hello, 'base64')
  const octets = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const hello = new Hello()
  if (parseClientHello(octets, 0, octets.length, sighting.proto === 'dtls', hello) < 0)
    return undefined
  return describeHello(hello)
}
