// The Syslog Protocol, RFC 5424. Over TCP each message has its length before it (byte counting, RFC 6587 §3.4.1).

import type { Format, SightingRow } from './format.js'

/** Facility local0 (16), severity informational (6): 16 × 8 + 6 (RFC 5424 §6.2.1). */
const PRIORITY = 134

export interface SyslogHeader {
  readonly hostname: string
  readonly pid: number
  /** Whether the length stands before each message. */
  readonly isCounted: boolean
}

/** Rows of `format` as syslog messages; what stands before and after them is left out. */
export function syslogFormat(format: Format, { hostname, pid, isCounted }: SyslogHeader): Format {
  return {
    head: () => '',
    row: (sighting: SightingRow) => {
      const name = headerText(sighting.sensor ?? hostname, 255)
      const message = `<${PRIORITY}>1 ${sighting.time} ${name} hellotap ${pid} sighting - ${format.row(sighting).trimEnd()}`
      return isCounted ? `${Buffer.byteLength(message)} ${message}` : message
    },
    tail: () => '',
  }
}

/** A header field: printable ASCII without blanks, `-` if there is none (RFC 5424 §6). */
function headerText(text: string, most: number): string {
  const printable = text.replace(/[^!-~]/g, '').slice(0, most)
  return printable === '' ? '-' : printable
}
