// Zeek's ssl.log in its own text form: `#` lines with separators, fields and types, then values separated by tabs.
// Fingerprints stand in the fields that the packages ja3 (salesforce) and ja4 (FoxIO) add.

import { epochSeconds, flowKey, hash52 } from './format.js'
import type { Format, SightingRow } from './format.js'

type Value = string | number | boolean | readonly string[] | undefined

/** Field, type, value. */
const FIELDS: readonly (readonly [string, string, (sighting: SightingRow) => Value])[] = [
  ['ts', 'time', ({ time }) => epochSeconds(time)],
  ['uid', 'string', (sighting) => `C${hash52(flowKey(sighting)).toString(36)}`],
  ['id.orig_h', 'addr', ({ src }) => src],
  ['id.orig_p', 'port', ({ srcport }) => srcport],
  ['id.resp_h', 'addr', ({ dst }) => dst],
  ['id.resp_p', 'port', ({ dstport }) => dstport],
  [
    'version',
    'string',
    ({ server_version, tls_version }) => zeekVersion(server_version ?? tls_version),
  ],
  ['cipher', 'string', ({ cipher_name }) => cipher_name],
  ['curve', 'string', ({ group_name }) => group_name],
  ['server_name', 'string', ({ sni }) => sni],
  ['resumed', 'bool', ({ resumed }) => resumed],
  ['next_protocol', 'string', ({ server_alpn }) => server_alpn],
  ['ja3', 'string', ({ ja3 }) => ja3],
  ['ja3s', 'string', ({ ja3s }) => ja3s],
  ['ja4', 'string', ({ ja4 }) => ja4],
  ['ja4_o', 'string', ({ ja4_o }) => ja4_o],
  ['ja4_r', 'string', ({ ja4_r }) => ja4_r],
  ['ja4_ro', 'string', ({ ja4_ro }) => ja4_ro],
  ['client_alpns', 'vector[string]', ({ alpn }) => alpn],
  ['community_id', 'string', ({ community_id }) => community_id],
  ['sha3_384', 'string', ({ sha3_384 }) => sha3_384],
  ['quality', 'set[string]', ({ quality }) => quality],
]

/** `TLS 1.2` is `TLSv12` to Zeek, `DTLS 1.2` is `DTLSv12`, `SSL 3.0` is `SSLv3`. */
function zeekVersion(text = ''): string {
  const [, name, major, minor] = /^(D?TLS|SSL) (\d)\.(\d)$/.exec(text) ?? []
  if (name === undefined) return text
  return name === 'SSL' ? `SSLv${major}` : `${name}v${major}${minor}`
}

/** Escapes what would end a value, and a value that would read as "unset" or "empty". */
function escaped(text: string, alsoComma: boolean): string {
  if (text === '') return '(empty)'
  if (text === '-') return '\\x2d'
  if (text === '(empty)') return '\\x28empty)'
  return text.replace(alsoComma ? /[^ -~]|\\|,/g : /[^ -~]|\\/g, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
      .join(''),
  )
}

function cell(value: Value): string {
  if (value === undefined) return '-'
  if (typeof value === 'boolean') return value ? 'T' : 'F'
  if (typeof value === 'object')
    return value.length === 0 ? '(empty)' : value.map((each) => escaped(each, true)).join(',')
  return escaped(String(value), false)
}

/** Sightings as an ssl.log. @param now what time it is, for the lines `#open` and `#close` */
export function zeekFormat(now: () => Date): Format {
  const stamp = () => now().toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '-')
  return {
    head: () =>
      [
        '#separator \\x09',
        '#set_separator\t,',
        '#empty_field\t(empty)',
        '#unset_field\t-',
        '#path\tssl',
        `#open\t${stamp()}`,
        `#fields\t${FIELDS.map(([name]) => name).join('\t')}`,
        `#types\t${FIELDS.map(([, type]) => type).join('\t')}`,
        '',
      ].join('\n'),
    row: (sighting) => `${FIELDS.map(([, , value]) => cell(value(sighting))).join('\t')}\n`,
    tail: () => `#close\t${stamp()}\n`,
  }
}
