import { u16, u32, u32le } from '../../base/bytes.js'
import { CaptureError } from '../capture-error.js'
import {
  PCAP_HEADER_LEN,
  PcapReader,
  isPcapMagic,
  isPcapVersion,
  readPcapHeader,
  withRecordLen,
} from './pcap-reader.js'
import { LZ4_LEGACY_MAGIC, LZ4_MAGIC } from './compression/lz4.js'
import type { Compression } from './compression/decompress.js'
import { ErfReader, isErf } from './erf-reader.js'
import { NetmonReader, isNetmon } from './netmon-reader.js'
import { PCAPNG_MAGIC, PcapngReader } from './pcapng-reader.js'
import { SNOOP_HEADER_LEN, SnoopReader, isSnoop } from './snoop-reader.js'
import type { RecordReader } from './record-reader.js'

/** Bytes that tell a format, where there are so many. */
export const HEAD_LEN = PCAP_HEADER_LEN

/** Bytes looked at where they are at hand: a format without a magic is recognised by its first records. */
export const SNIFF_LEN = 4096

export type CaptureFormat = 'pcap' | 'pcapng' | 'snoop' | 'netmon' | 'erf'

/** The format of the file that begins with `head`, whatever its name; undefined where hellotap reads none such. */
export function formatOf(head: Uint8Array): CaptureFormat | Compression | 'zip' | undefined {
  if (head.length < 4) return undefined
  if (isPcapMagic(head, 0)) return 'pcap'
  if (u32(head, 0) === PCAPNG_MAGIC) return 'pcapng'
  if (isSnoop(head)) return 'snoop'
  if (isNetmon(head)) return 'netmon'
  if (u16(head, 0) === 0x1f8b) return 'gzip'
  // RFC 8878 §3.1.1 a frame, §3.1.2 a skippable one in front of it
  const magic = u32le(head, 0)
  if (magic === 0xfd2f_b528 || magic >>> 4 === 0x184d_2a5) return 'zstd'
  if (magic === LZ4_MAGIC || magic === LZ4_LEGACY_MAGIC) return 'lz4'
  if (u32(head, 0) === 0xfd37_7a58) return 'xz'
  if (u32(head, 0) >>> 8 === 0x42_5a68) return 'bzip2'
  // APPNOTE 6.3.10 §4.3.7: a local file header
  if (magic === 0x0403_4b50) return 'zip'
  return isErf(head) ? 'erf' : undefined
}

/** Whether a format is compressed, so that a capture may be within. */
export function isCompression(format: ReturnType<typeof formatOf>): format is Compression {
  return ['gzip', 'zstd', 'lz4', 'xz', 'bzip2'].includes(format ?? '')
}

/** Whether a format is a capture's own. */
export function isCaptureFormat(format: ReturnType<typeof formatOf>): format is CaptureFormat {
  return format !== undefined && format !== 'zip' && !isCompression(format)
}

/** A reader for the capture that begins with `head`, and how many bytes of it are not for the reader. */
export interface StartedReader {
  readonly reader: RecordReader
  readonly skip: number
}

/**
 * A reader for the uncompressed capture `name` that begins with `head`, HEAD_LEN bytes or all there are.
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
      return {
        reader: new PcapReader(withRecordLen(header, head), linkType),
        skip: PCAP_HEADER_LEN,
      }
    }
    case 'pcapng':
      if (head.length < PCAP_HEADER_LEN) throw tooShort(name, head.length)
      return { reader: new PcapngReader(linkType), skip: 0 }
    case 'snoop':
      if (head.length < SNOOP_HEADER_LEN) throw tooShort(name, head.length)
      return { reader: new SnoopReader(head, linkType), skip: SNOOP_HEADER_LEN }
    case 'netmon':
      return { reader: new NetmonReader(linkType), skip: 0 }
    case 'erf':
      return { reader: new ErfReader(linkType), skip: 0 }
    case 'gzip':
    case 'zstd':
    case 'lz4':
    case 'xz':
    case 'bzip2':
    case 'zip':
      throw new CaptureError(
        'NOT_A_CAPTURE',
        `${name} is compressed where a plain capture is needed: decompress it first`,
      )
    default:
      if (head.length < 4) throw tooShort(name, head.length)
      throw new CaptureError('NOT_A_CAPTURE', `${name} is not a capture: ${remedy()}`)
  }
}

function tooShort(name: string, bytes: number): CaptureError {
  return new CaptureError(
    'NOT_A_CAPTURE',
    `${name} ends within its file header, after ${bytes} bytes: it was cut and holds no packets`,
  )
}

function remedy(): string {
  return (
    `pcap, pcapng, snoop, ERF and Network Monitor files are read, plain or in gzip, zstd, lz4, xz, bzip2 or zip; ` +
    'convert other formats: editcap FILE converted.pcapng'
  )
}
