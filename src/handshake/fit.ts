import { u16 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import { hasSameSessionId, isTls13 } from '../tls/describe-server-hello.js'
import { COOKIE, KEY_SHARE } from '../tls/extension-type.js'
import { keyShares, serverKeyShare } from '../tls/extensions/rfc8446-keys.js'
import { firstExtension } from '../tls/hello-detail.js'
import { isHelloRetryRequest } from '../tls/hello-retry-request.js'
import { cipherSuiteName } from '../tls/registry-names.js'

/**
 * Whether a ServerHello can be the answer to a ClientHello: it chose a suite that was offered, sent the session_id of
 * TLS 1.3 back (RFC 8446 §4.1.3), and as a HelloRetryRequest asked for what the client has not done yet (§4.1.4).
 */
export function couldAnswer(server: Hello, client: Hello): boolean {
  if (!offersCipher(client, u16(server.bytes, server.cipherSuitesOff))) return false
  if (isTls13(server) && !hasSameSessionId(server, client)) return false
  return !isHelloRetryRequest(server) || !heeds(client, server)
}

function offersCipher(client: Hello, cipher: number): boolean {
  const end = client.cipherSuitesOff + client.cipherSuitesLen
  for (let at = client.cipherSuitesOff; at + 2 <= end; at += 2)
    if (u16(client.bytes, at) === cipher) return true
  return false
}

/** Whether a ClientHello does what the HelloRetryRequest asks for: it is the second one then. */
function heeds(client: Hello, retry: Hello): boolean {
  if (firstExtension(client, COOKIE, () => true) !== undefined) return true
  const group = firstExtension(retry, KEY_SHARE, serverKeyShare)?.group
  const shares = firstExtension(client, KEY_SHARE, keyShares) ?? []
  return shares.some((share) => share.group === group)
}

/** Whether a server that chose the suite shows no certificate: anonymous, or known by a secret it shares with the client. */
export function sendsNoCertificate(cipher: number): boolean {
  return /_anon_|KRB5|^TLS_(DHE_|ECDHE_)?PSK_|^TLS_SRP_SHA_WITH|ECCPWD/.test(
    cipherSuiteName(cipher),
  )
}
