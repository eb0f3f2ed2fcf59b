import { u16 } from '../base/bytes.js'
import { isGrease } from '../base/grease.js'
import type { Hello } from '../model/hello.js'
import { NAMED_VERSIONS, versionName } from '../tls/version-name.js'

/** Major version of DTLS 1.x on the wire: 254, the ones' complement of 1 (RFC 6347 §4.1). */
const DTLS_MAJOR = 0xfe

/** A protocol version in words, as every field of a sighting has it: `0x` and four hex digits where it has none. */
export function versionText(version: number): string {
  return isGrease(version) ? `0x${version.toString(16).padStart(4, '0')}` : versionName(version)
}

/** The version that versionText writes as `text`, or undefined where it writes none so. */
export function versionOf(text: string): number | undefined {
  const named = NAMED_VERSIONS.find((version) => versionText(version) === text)
  if (named !== undefined) return named
  if (!/^0x[0-9a-f]{4}$/.test(text)) return undefined
  const version = Number(text)
  return versionText(version) === text ? version : undefined
}

/**
 * Newest version a hello offers, GREASE aside: of supported_versions (RFC 8446 §4.2.1) the numerically highest, over
 * DTLS, whose numbers go down (RFC 9147 §5.3), the lowest of its own; without any, legacy_version.
 */
export function offeredVersion(hello: Hello, dtls: boolean): number {
  let newest = -1
  const end = hello.supportedVersionsOff + hello.supportedVersionsLen
  for (let i = hello.supportedVersionsOff; i + 2 <= end; i += 2) {
    const version = u16(hello.bytes, i)
    if (isGrease(version)) continue
    if (newest < 0 || (dtls ? isNewerDtls(version, newest) : version > newest)) newest = version
  }
  return newest < 0 ? hello.legacyVersion : newest
}

function isNewerDtls(version: number, than: number): boolean {
  const major = version >> 8
  if (major !== than >> 8) return major === DTLS_MAJOR
  return version < than
}
