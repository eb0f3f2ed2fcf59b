import { isGrease } from '../base/grease.js'

const NAMES: Readonly<Record<number, string>> = {
  0x0300: 'SSL 3.0',
  0x0301: 'TLS 1.0',
  0x0302: 'TLS 1.1',
  0x0303: 'TLS 1.2',
  0x0304: 'TLS 1.3',
  0xfeff: 'DTLS 1.0',
  0xfefd: 'DTLS 1.2',
  0xfefc: 'DTLS 1.3',
}

/** The versions that have a name. */
export const NAMED_VERSIONS: readonly number[] = Object.keys(NAMES).map(Number)

/** Name of a ProtocolVersion: `SSL 3.0`, `TLS 1.2`, `DTLS 1.3`; any other as `0x7f1c`, GREASE as `GREASE (0x0a0a)`. */
export function versionName(version: number): string {
  const hex = `0x${version.toString(16).padStart(4, '0')}`
  return NAMES[version] ?? (isGrease(version) ? `GREASE (${hex})` : hex)
}
