import { basename, dirname, join } from 'node:path'
import { firstPacketMicros } from './sniff.js'

/** `dumpcap -b`: name_00001_20240101120000.pcapng, with a suffix of five digits that starts over and a time. */
const DUMPCAP_NAME = /^(.*)_\d{5,}_\d{14}(\..*)?$/
/** `tcpdump -C`: name, name1, name2, … and with `-W` name00, name01, … */
const TCPDUMP_NAME = /^(.*?)(\d*)$/
const COMPRESSED_SUFFIX = /\.(gz|zst)$/

/**
 * The same files, those of one ring buffer in the order of their first packet's time.
 *
 * Files belong together when they lie in one folder and their names differ only in what dumpcap or tcpdump count in
 * them, compressed since or not. They change places among themselves, so all other files stay where they are. Names do
 * not tell the order: numbers start over, and name10 sorts before name2. Files without packets go last.
 */
export async function inCaptureOrder(files: readonly string[]): Promise<string[]> {
  const sets = new Map<string, number[]>()
  files.forEach((file, i) => {
    if (file === '-') return
    const key = ringBufferOf(file)
    const places = sets.get(key)
    if (places === undefined) sets.set(key, [i])
    else places.push(i)
  })
  const ordered = [...files]
  for (const places of sets.values()) {
    if (places.length < 2) continue
    const members: { file: string; micros: number }[] = []
    for (const i of places) {
      const file = files[i] ?? ''
      members.push({ file, micros: (await firstPacketMicros(file)) ?? Infinity })
    }
    members.sort((a, b) =>
      a.micros === b.micros ? byNumber(a.file, b.file) : a.micros < b.micros ? -1 : 1,
    )
    places.forEach((i, k) => (ordered[i] = members[k]?.file ?? ''))
  }
  return ordered
}

/** What the names of one ring buffer have in common; a name of no ring buffer stands for itself. */
export function ringBufferOf(file: string): string {
  const name = basename(file).replace(COMPRESSED_SUFFIX, '')
  const dumpcap = DUMPCAP_NAME.exec(name)
  const stem =
    dumpcap === null ? (TCPDUMP_NAME.exec(name)?.[1] ?? name) : `${dumpcap[1]}_#${dumpcap[2] ?? ''}`
  return join(dirname(file), stem)
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
