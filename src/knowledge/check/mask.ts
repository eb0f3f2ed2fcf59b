// The mask of a hello: what shows that a hello with a browser's lists comes from another TLS stack. One hello alone, no claim.

import { u16 } from '../../base/bytes.js'
import { isGrease } from '../../base/grease.js'
import type { Hello } from '../../model/hello.js'
import * as type from '../../tls/extension-type.js'
import type { Evidence } from '../../tls/read-evidence.js'
import type { Claim, Engine } from '../claim.js'
import type { Circumstances } from '../identify/profile.js'
import { x25519Shared } from '../identify/profile.js'
import { contentReasons, isSubsequence } from './contents.js'
import { greaseReasons } from './grease.js'
import { factsOf } from './hello-facts.js'
import type { HelloFacts } from './hello-facts.js'
import { OLDER_ORDERS, TLS13_ORDERS } from './lists.js'
import { paddingReasons } from './padding.js'
import { shareReasons } from './shares.js'

/**
 * Reasons that no newer version, policy or setting of the browser explains. Without a claim the version is not known: a new
 * signature scheme, extension or certificate compression says nothing.
 */
const MASK_CODES =
  /^(grease\.|share\.|ech\.|quic\.|content\.(record_size_limit|two_alps|session_id|padding)$)/
/** Suites of TLS 1.2 that must be there for a list to count as Firefox's: fewer may be any list. */
const MIN_FIREFOX_SUITES = 4

/**
 * Codes of what contradicts the browser whose lists a hello has, in the order of the rules; none where the lists are no
 * browser's, or nothing contradicts. `hello` is read, nothing of it is kept; its secrets may be zeroed.
 */
export function maskOf(hello: Hello, circumstances: Circumstances): string[] {
  const { proto, retry } = circumstances
  if (proto === 'dtls') return []
  const facts = factsOf(hello, {
    transport: proto,
    isSecond: retry,
    evidence: evidenceOf(hello, circumstances),
    timeMicros: 0,
  })
  const engine = engineOf(facts)
  if (engine === undefined) return []
  const claim: Claim = { name: engine, engine }
  const codes = [
    ...greaseReasons(engine, claim, facts),
    ...shareReasons(engine, facts),
    ...paddingReasons(engine, claim, facts),
    ...contentReasons(engine, claim, facts),
  ]
    .filter(({ code, weight }) => weight === 'inconsistent' && MASK_CODES.test(code))
    .map(({ code }) => code)
  return [...new Set(codes)]
}

/** The browser engine whose lists a hello has, by what no other software was seen to send. */
function engineOf({ extensions, ciphers }: HelloFacts): Engine | undefined {
  if (
    extensions.includes(type.APPLICATION_SETTINGS) ||
    extensions.includes(type.APPLICATION_SETTINGS_OLD)
  )
    return 'chromium'
  if (
    extensions.includes(type.DELEGATED_CREDENTIAL) &&
    extensions.includes(type.RECORD_SIZE_LIMIT) &&
    hasFirefoxSuites(ciphers)
  )
    return 'firefox'
  return undefined
}

function hasFirefoxSuites(ciphers: readonly number[]): boolean {
  const suites = ciphers.filter((suite) => !isGrease(suite))
  const tls13 = suites.filter((suite) => suite >> 8 === 0x13)
  const older = suites.filter((suite) => suite >> 8 !== 0x13)
  return (
    older.length >= MIN_FIREFOX_SUITES &&
    TLS13_ORDERS.firefox.some((order) => isSubsequence(tls13, order)) &&
    OLDER_ORDERS.firefox.some((order) => isSubsequence(older, order))
  )
}

/** What the rules read of a hello's evidence, from its bytes. */
function evidenceOf(hello: Hello, circumstances: Circumstances): Evidence {
  const shared = circumstances.x25519Shared ?? x25519Shared(hello)
  return {
    version: 1,
    session_id_len: hello.sessionIdLen,
    ...(shared === undefined ? {} : { x25519_shared: shared }),
    ...echOf(hello),
  }
}

const ECH_HEAD_LEN = 8

/** Lengths of encrypted_client_hello (RFC 9849 §5): type, suite, config id, enc and payload. */
function echOf(hello: Hello): Pick<Evidence, 'ech'> {
  const { bytes, extensionCount } = hello
  const index = hello.extensionType.subarray(0, extensionCount).indexOf(type.ENCRYPTED_CLIENT_HELLO)
  if (index < 0) return {}
  const off = hello.extensionOff[index] ?? 0
  const end = off + (hello.extensionLen[index] ?? 0)
  if (end - off < ECH_HEAD_LEN) return {}
  const encLen = u16(bytes, off + 6)
  if (end - off < ECH_HEAD_LEN + encLen + 2) return {}
  return {
    ech: {
      kdf: u16(bytes, off + 1),
      aead: u16(bytes, off + 3),
      enc_len: encLen,
      payload_len: u16(bytes, off + ECH_HEAD_LEN + encLen),
    },
  }
}
