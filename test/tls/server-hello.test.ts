import { expect } from 'chai'
import fc from 'fast-check'
import { Hello } from '../../src/model/hello.js'
import { KEY_SHARE, PRE_SHARED_KEY } from '../../src/tls/extension-type.js'
import { selectedIdentity, serverKeyShare } from '../../src/tls/extensions/rfc8446-keys.js'
import { firstExtension } from '../../src/tls/hello-detail.js'
import { parseClientHello, parseServerHello } from '../../src/tls/hello-parser.js'
import { isHelloRetryRequest } from '../../src/tls/hello-retry-request.js'
import { chosenVersion, isResumed, isTls13 } from '../../src/tls/server-hello.js'
import { hex } from '../support.js'
import type { Extension } from './hello-builder.js'
import { be16, byteRun, clientHello, serverHello, vector16 } from './hello-builder.js'

const RETRY_RANDOM = hex('cf21ad74e59a6111be1d8c021e65b891 c2a211167abb8c5e079e09e2c8a8339c')
const TLS13: Extension = [43, [3, 4]]

function server(bytes: Uint8Array): Hello {
  const hello = new Hello()
  expect(parseServerHello(bytes, 0, bytes.length, false, hello)).to.equal(bytes.length)
  return hello
}
function client(sessionId: number[]): Hello {
  const hello = new Hello()
  const bytes = clientHello({ sessionId })
  parseClientHello(bytes, 0, bytes.length, false, hello)
  return hello
}
const shareOf = (hello: Hello) => firstExtension(hello, KEY_SHARE, serverKeyShare)
const identityOf = (hello: Hello) => firstExtension(hello, PRE_SHARED_KEY, selectedIdentity)

describe('a ServerHello', () => {
  it('of TLS 1.3 names version, key share and pre-shared key', () => {
    const hello = server(
      serverHello({
        sessionId: byteRun(32),
        extensions: [TLS13, [51, [...be16(4588), ...vector16(byteRun(1120))]], [41, [0, 0]]],
      }),
    )
    expect([chosenVersion(hello), isTls13(hello)]).to.deep.equal([0x0304, true])
    expect(shareOf(hello)).to.deep.equal({ group: 4588, name: 'X25519MLKEM768', length: 1120 })
    expect(identityOf(hello)).to.equal(0)
    expect([isResumed(hello, undefined), isHelloRetryRequest(hello)]).to.deep.equal([true, false])
  })

  it('of TLS 1.3 without a pre-shared key resumes no session', () => {
    expect(isResumed(server(serverHello({ extensions: [TLS13] })), undefined)).to.equal(false)
  })

  it('that is a HelloRetryRequest names the group and resumes nothing', () => {
    const hello = server(
      serverHello({ random: [...RETRY_RANDOM], extensions: [TLS13, [51, [0, 23]]] }),
    )
    expect(isHelloRetryRequest(hello)).to.equal(true)
    expect(shareOf(hello)).to.deep.equal({ group: 23, name: 'secp256r1' })
    expect(isResumed(hello, undefined)).to.equal(undefined)
  })

  it('of TLS 1.2 resumes a session if it returns the session_id of the client', () => {
    const hello = server(serverHello({ sessionId: byteRun(32), cipher: 0xc02f }))
    expect([chosenVersion(hello), isTls13(hello)]).to.deep.equal([0x0303, false])
    expect(isResumed(hello, undefined)).to.equal(undefined)
    expect(isResumed(hello, client(byteRun(32)))).to.equal(true)
    expect(isResumed(hello, client(byteRun(32, 9)))).to.equal(false)
    expect(isResumed(server(serverHello({ extensions: null })), undefined)).to.equal(false)
  })

  it('with malformed extensions names neither key share nor pre-shared key', () => {
    const extensions: Extension[] = [
      [51, [0, 29, 0]],
      [41, [1]],
    ]
    const hello = server(serverHello({ extensions }))
    expect([shareOf(hello), identityOf(hello)]).to.deep.equal([undefined, undefined])
  })

  it('never throws, whatever an extension holds', () => {
    const types = [0, 1, 5, 10, 11, 14, 15, 16, 22, 23, 35, 41, 43, 44, 51, 54, 65037, 65281]
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 20 })), {
          maxLength: 5,
        }),
        (extensions) => {
          const hello = server(serverHello({ extensions }))
          expect(hello.extensionCount).to.equal(extensions.length)
          shareOf(hello)
          identityOf(hello)
          chosenVersion(hello)
          isResumed(hello, undefined)
        },
      ),
    )
  })
})
