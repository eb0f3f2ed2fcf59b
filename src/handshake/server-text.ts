// A ServerHello as members of a sighting.

import { u16 } from '../base/bytes.js'
import { ByteWriter } from '../base/byte-writer.js'
import { writeJa3sString } from '../fingerprint/ja3s.js'
import { MD5 } from '../kernels/digest-layout.js'
import { MD5_HEX_LEN, writeDigest } from '../fingerprint/digest.js'
import { writeNpfServer } from '../fingerprint/npf.js'
import { versionText } from '../fingerprint/version-text.js'
import type { Transport } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import { chosenVersion } from '../tls/server-hello.js'
import { KEY_SHARE } from '../tls/extension-type.js'
import { protocolNameEntries } from '../tls/extensions/rfc7301.js'
import { serverKeyShare } from '../tls/extensions/rfc8446-keys.js'
import { firstExtension } from '../tls/hello-detail.js'
import { isHelloRetryRequest } from '../tls/hello-retry-request.js'
import { cipherSuiteName, groupName, statusOf } from '../tls/registry-names.js'

/** Writes the members of sightings that a ServerHello decides. */
export class ServerText {
  readonly #ja3s = new ByteWriter(1 << 12)
  /** `4865,"cipher_name":"…"` and `29,"group_name":"…"`, cached: at most 2^16 values each. */
  readonly #ciphers = new Map<number, string>()
  readonly #groups = new Map<number, string>()

  /** Appends `,"ja3s":"…"` and the other members of a ServerHello that are visible, without `resumed`. */
  write(server: Hello, transport: Transport, out: ByteWriter): void {
    const ja3s = this.#ja3s
    ja3s.len = 0
    writeJa3sString(server, ja3s)
    out.ascii(',"ja3s":"')
    writeDigest(MD5, ja3s.bytes, 0, ja3s.len, MD5_HEX_LEN, out)
    out.ascii('","ja3s_string":"')
    out.copy(ja3s.bytes, 0, ja3s.len)
    if (transport === 'tcp') {
      out.ascii('","npf_server":"')
      writeNpfServer(server, out)
    }
    out.ascii('","server_version":"')
    out.ascii(versionText(chosenVersion(server)))
    out.ascii('","cipher":')
    const cipher = u16(server.bytes, server.cipherSuitesOff)
    out.ascii(this.#named(this.#ciphers, cipher, 'cipher'))
    const share = firstExtension(server, KEY_SHARE, serverKeyShare)
    if (share !== undefined) {
      out.ascii(',"group":')
      out.ascii(this.#named(this.#groups, share.group, 'group'))
    }
    const alpn = alpnOf(server)
    if (alpn !== undefined) out.ascii(`,"server_alpn":${JSON.stringify(alpn)}`)
    if (isHelloRetryRequest(server)) out.ascii(',"hello_retry_request":true')
  }

  #named(known: Map<number, string>, value: number, kind: 'cipher' | 'group'): string {
    let text = known.get(value)
    if (text === undefined) {
      const registry = kind === 'cipher' ? 'cipher-suites' : 'supported-groups'
      const name = kind === 'cipher' ? cipherSuiteName(value) : groupName(value)
      text = String(value)
      if (statusOf(registry, value) === 'assigned')
        text += `,"${kind}_name":${JSON.stringify(name)}`
      known.set(value, text)
    }
    return text
  }
}

/** The protocol that the server chose (RFC 7301 §3.1); TLS 1.3 encrypts it. */
function alpnOf(server: Hello): string | undefined {
  if (server.alpnOff < 0) return undefined
  return protocolNameEntries(server.bytes, server.alpnOff, server.alpnOff + server.alpnLen)[0]
}
