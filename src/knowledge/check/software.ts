// Programs that are no browsers: which TLS libraries each is built with. A program that may be built with any is not listed.

import { isGrease } from '../../base/grease.js'
import * as type from '../../tls/extension-type.js'
import type { Claim } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

const OPENSSL_LIKE = ['OpenSSL', 'LibreSSL', 'BoringSSL', 'AWS-LC', 'quictls', 'NodeOpenSSL']
const CURL_LIKE = [
  ...OPENSSL_LIKE,
  ...['GnuTLS', 'NSS', 'rustls', 'wolfSSL', 'Mbed TLS', 'Schannel', 'Apple', 'BearSSL'],
]

/** Providers of TLS that a Java program may choose from (JCA). */
const JAVA_LIKE = ['JSSE', 'OpenSSL', 'BoringSSL', 'Conscrypt', 'Bouncy Castle', 'wolfSSL']

/** Libraries by product token, lower case. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  curl: CURL_LIKE,
  pycurl: CURL_LIKE,
  git: CURL_LIKE,
  wget: ['GnuTLS', ...OPENSSL_LIKE],
  'python-urllib': [...OPENSSL_LIKE, 'JSSE'],
  'python-requests': OPENSSL_LIKE,
  'python-httpx': OPENSSL_LIKE,
  python: OPENSSL_LIKE,
  aiohttp: OPENSSL_LIKE,
  tornado: OPENSSL_LIKE,
  ruby: [...OPENSSL_LIKE, 'JSSE'],
  php: OPENSSL_LIKE,
  'libwww-perl': OPENSSL_LIKE,
  'http-tiny': OPENSSL_LIKE,
  httpie: OPENSSL_LIKE,
  luasocket: OPENSSL_LIKE,
  'go-http-client': ['Go'],
  java: JAVA_LIKE,
  'java-http-client': JAVA_LIKE,
  okhttp: JAVA_LIKE,
  bun: ['BoringSSL'],
  deno: ['rustls'],
  ureq: ['rustls', 'OpenSSL', 'Schannel', 'Apple'],
  'erlang-httpc': ['Erlang'],
  node: [...OPENSSL_LIKE, 'rustls'],
  'node-fetch': [...OPENSSL_LIKE, 'rustls'],
  axios: [...OPENSSL_LIKE, 'rustls'],
  got: [...OPENSSL_LIKE, 'rustls'],
  undici: OPENSSL_LIKE,
}
/** How sure identification must be to contradict a claim, unless the base holds this very profile. */
const MIN_CONFIDENCE = 0.995
const UNKNOWN = 'unknown'

/** Rules on a hello under a program's claim. */
export function softwareReasons(claim: Claim, hello: HelloFacts): Reason[] {
  const libraries = librariesOf(claim)
  if (libraries === undefined) return []
  const browser = browserMark(hello)
  if (browser !== undefined) return [reason('family.other', 'inconsistent', browser)]
  const { library = UNKNOWN, confidence = 0, basis } = hello.identified ?? {}
  const isSure = basis === 'exact' || confidence >= MIN_CONFIDENCE
  if (library === UNKNOWN || !isSure || isAmong(library, libraries)) return []
  const evidence = `${library} with confidence ${confidence}, ${claim.name} is built with ${libraries.join(', ')}`
  return [reason('family.other', 'inconsistent', evidence)]
}

/** Whether a hello is of a library that the claimed program is built with. */
export function isOfProduct(claim: Claim, { identified }: HelloFacts): boolean {
  const libraries = librariesOf(claim)
  if (libraries === undefined || identified === undefined) return false
  return identified.library !== UNKNOWN && isAmong(identified.library, libraries)
}

function librariesOf({ product = '' }: Claim): readonly string[] | undefined {
  return Object.hasOwn(LIBRARIES, product) ? LIBRARIES[product] : undefined
}

function isAmong(library: string, libraries: readonly string[]): boolean {
  return libraries.some((name) => library.startsWith(name))
}

/** What only browsers send; undefined where there is nothing of it. */
function browserMark(hello: HelloFacts): string | undefined {
  const { extensions, ciphers } = hello
  if (extensions.filter(isGrease).length === 2 && ciphers.some(isGrease))
    return 'GREASE as browsers send it'
  const alps = [type.APPLICATION_SETTINGS, type.APPLICATION_SETTINGS_OLD].find((id) =>
    extensions.includes(id),
  )
  if (alps !== undefined) return `extension ${alps}`
  if (extensions.includes(type.DELEGATED_CREDENTIAL) && hello.recordSizeLimit === 0x4001)
    return 'delegated_credential and record_size_limit as Firefox sends them'
  return undefined
}
