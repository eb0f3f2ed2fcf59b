// The captures beside the checkout, and what of them is compared.

import { readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'

/** Everything that lies beside the checkout. */
export const SHARED = resolve(import.meta.dirname, '../../../shared')

/** Transports compared with published values and with tshark. */
export const TRANSPORTS: readonly string[] = ['tcp', 'quic', 'dtls']

/** Folders of captures, relative to SHARED. */
export const FOLDERS = ['corpus/foxio/pcap', 'corpus/odd', 'clients/pcap'] as const

/** Names of the captures of one folder, sorted. */
export function capturesIn(folder: string): string[] {
  return readdirSync(resolve(SHARED, folder))
    .filter((name) => /\.(pcap|pcapng|cap)$/.test(name))
    .sort()
}

/** The rows of a file of JSON lines. */
export function jsonLines<Row>(path: string): Row[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
