import { u16 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import { chosenVersion, hasSameSessionId, isTls13 } from '../tls/server-hello.js'
import { COOKIE, KEY_SHARE, RENEGOTIATION_INFO } from '../tls/extension-type.js'
import { keyShares, serverKeyShare } from '../tls/extensions/rfc8446-keys.js'
import { firstExtension } from '../tls/hello-detail.js'
import { isHelloRetryRequest } from '../tls/hello-retry-request.js'
import { cipherSuiteName } from '../tls/registry-names.js'

/**
 * Whether a ServerHello can be the answer to a ClientHello: it chose an offered suite, in TLS 1.3 it returned the session_id
 * (RFC 8446 §4.1.3), and a HelloRetryRequest asked for a change that the ClientHello does not have (§4.1.4).
 */
export function couldAnswer(server: Hello, client: Hello): boolean {
  if (!offersCipher(client, u16(server.bytes, server.cipherSuitesOff))) return false
  if (isTls13(server) && !hasSameSessionId(server, client)) return false
  return !isHelloRetryRequest(server) || !heeds(client, server)
}

/**
 * Whether a ServerHello answers this ClientHello, as far as both show: `couldAnswer` holds, its version was offered, its group
 * has a key share, and each of its extensions was offered (RFC 8446 §4.2, RFC 5246 §7.4.1.4).
 */
export function isAnswer(server: Hello, client: Hello): boolean {
  if (!couldAnswer(server, client) || !offersVersion(client, chosenVersion(server))) return false
  const asked = client.extensionType.subarray(0, client.extensionCount)
  const isRetry = isHelloRetryRequest(server)
  for (let i = 0; i < server.extensionCount; i++) {
    const type = server.extensionType[i] ?? 0
    // renegotiation_info may answer a cipher suite (RFC 5746 §3.3); a cookie is never offered first.
    if (type === RENEGOTIATION_INFO || (isRetry && type === COOKIE)) continue
    if (!asked.includes(type)) return false
  }
  const group = isRetry ? undefined : firstExtension(server, KEY_SHARE, serverKeyShare)?.group
  if (group === undefined) return true
  const shares = firstExtension(client, KEY_SHARE, keyShares) ?? []
  return shares.some((share) => share.group === group)
}

function offersVersion(client: Hello, version: number): boolean {
  const { bytes, supportedVersionsOff: off, supportedVersionsLen: len } = client
  // Without supported_versions a server may choose any older version. Versions of DTLS count down.
  if (off < 0) return version >> 8 === client.legacyVersion >> 8
  for (let at = off; at + 2 <= off + len; at += 2) if (u16(bytes, at) === version) return true
  return false
}

function offersCipher(client: Hello, cipher: number): boolean {
  const end = client.cipherSuitesOff + client.cipherSuitesLen
  for (let at = client.cipherSuitesOff; at + 2 <= end; at += 2)
    if (u16(client.bytes, at) === cipher) return true
  return false
}

/** Whether a ClientHello has the change that the HelloRetryRequest asks for: then it is the second hello. */
function heeds(client: Hello, retry: Hello): boolean {
  if (firstExtension(client, COOKIE, () => true) !== undefined) return true
  const group = firstExtension(retry, KEY_SHARE, serverKeyShare)?.group
  const shares = firstExtension(client, KEY_SHARE, keyShares) ?? []
  return shares.some((share) => share.group === group)
}

/** Whether a cipher suite works without a certificate of the server: anonymous, or by a shared secret. */
export function sendsNoCertificate(cipher: number): boolean {
  return /_anon_|KRB5|^TLS_(DHE_|ECDHE_)?PSK_|^TLS_SRP_SHA_WITH|ECCPWD/.test(
    cipherSuiteName(cipher),
  )
}
