import { u16, u32, u32le } from '../../base/bytes.js'
import { CaptureError } from '../capture-error.js'
import {
  PCAP_HEADER_LEN,
  PcapReader,
  isPcapMagic,
  isPcapVersion,
  readPcapHeader,
} from './pcap-reader.js'
import { PCAPNG_MAGIC, PcapngReader } from './pcapng-reader.js'
import type { RecordReader } from './record-reader.js'

/** Octets that tell a format, where there are so many. */
export const HEAD_LEN = PCAP_HEADER_LEN

export type CaptureFormat = 'pcap' | 'pcapng' | 'gzip' | 'zstd'

/** The format of what begins with `head`, whatever its name; undefined where it is none of ours. */
export function formatOf(head: Uint8Array): CaptureFormat | undefined {
  if (head.length < 4) return undefined
  if (isPcapMagic(head, 0)) return 'pcap'
  if (u32(head, 0) === PCAPNG_MAGIC) return 'pcapng'
  if (u16(head, 0) === 0x1f8b) return 'gzip'
  // RFC 8878 §3.1.1 a frame, §3.1.2 a skippable one in front of it
  const magic = u32le(head, 0)
  if (magic === 0xfd2f_b528 || magic >>> 4 === 0x184d_2a5) return 'zstd'
  return undefined
}

/** A reader for the capture that begins with `head`, and how many octets of it are not for the reader. */
export interface StartedReader {
  readonly reader: RecordReader
  readonly skip: number
}

/**
 * A reader for the uncompressed capture `name` that begins with `head`, HEAD_LEN octets or all there are.
 * @throws CaptureError where it is none, or too short to be one
 */
export function startReader(head: Uint8Array, name: string, linkType?: number): StartedReader {
  if (head.length === 0)
    throw new CaptureError(
      'EMPTY',
      `${name} is empty: nothing was captured, or it was not written yet`,
    )
  switch (formatOf(head)) {
    case 'pcap': {
      if (head.length < PCAP_HEADER_LEN) throw tooShort(name, head.length)
      const header = readPcapHeader(head, 0)
      if (!isPcapVersion(header))
        throw new CaptureError(
          'NOT_A_CAPTURE',
          `${name} is of pcap version ${header.majorVersion}.${header.minorVersion}, and only 2.x can be read: convert it with editcap`,
        )
      return { reader: new PcapReader(header, linkType), skip: PCAP_HEADER_LEN }
    }
    case 'pcapng':
      if (head.length < PCAP_HEADER_LEN) throw tooShort(name, head.length)
      return { reader: new PcapngReader(linkType), skip: 0 }
    case 'gzip':
    case 'zstd':
      throw new CaptureError(
        'NOT_A_CAPTURE',
        `${name} is compressed where a plain capture is needed: decompress it first`,
      )
    default:
      if (head.length < 4) throw tooShort(name, head.length)
      throw new CaptureError('NOT_A_CAPTURE', `${name} is not a capture: ${remedy(head)}`)
  }
}

function tooShort(name: string, octets: number): CaptureError {
  return new CaptureError(
    'NOT_A_CAPTURE',
    `${name} ends within its file header, after ${octets} octets: it was cut and holds no packets`,
  )
}

function remedy(head: Uint8Array): string {
  const magic = u32(head, 0)
  if (magic === 0xfd37_7a58) return 'it is compressed with xz, decompress it with `xz -d` first'
  if (magic === 0x0422_4d18) return 'it is compressed with lz4, decompress it with `lz4 -d` first'
  if (magic >>> 8 === 0x425a68)
    return 'it is compressed with bzip2, decompress it with `bzip2 -d` first'
  return 'pcap and pcapng can be read, plain or in gzip or zstd; editcap converts other kinds'
}
