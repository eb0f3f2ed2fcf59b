import ipaddr from 'ipaddr.js'
import { newCounters } from '../src/base/counters.js'
import { openCapture } from '../src/capture/file/open-capture.js'
import {
  ROW_BODY_LEN,
  ROW_CONFLICT,
  ROW_DELTA_LEN,
  ROW_DST,
  ROW_DST_PORT,
  ROW_ECH,
  ROW_ENCAPSULATED,
  ROW_FLAGS,
  ROW_HELLO_LEN,
  ROW_ID,
  ROW_IP_VERSION,
  ROW_LINE_LEN,
  ROW_NO_SYN,
  ROW_ORIGIN_LEN,
  ROW_SECTIONS,
  ROW_SRC,
  ROW_SRC_PORT,
  ROW_TEXT,
  ROW_TIME,
  ROW_TRANSPORT,
  RowCursor,
} from '../src/model/row.js'
import { TRANSPORTS } from '../src/model/handshake-bytes.js'
import { FINGERPRINTS } from '../src/model/sighting.js'
import type { Sighting } from '../src/model/sighting.js'
import { microsOf } from '../src/store/sighting-time.js'
import { timeOf } from './store/sightings.js'
import { Pipeline } from '../src/pipeline.js'

/** The rows of a capture, as a sensor hands them to a store. */
export async function rowsOfCapture(path: string, server = false): Promise<Buffer> {
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: 'all',
      keepHello: true,
      communityId: true,
      sightingId: true,
      rows: true,
      sensor: 'tap',
      server,
      seed: 1,
    },
    newCounters(),
  )
  pipeline.setOrigin({ file: path })
  const blocks = openCapture(path).blocks(new AbortController().signal)
  for await (const block of blocks) pipeline.take(block)
  pipeline.flush()
  return Buffer.from(pipeline.lines.bytes.subarray(0, pipeline.lines.len))
}

/** The lines of rows, parsed. */
export function sightingsInRows(rows: Uint8Array): Sighting[] {
  const lines: Sighting[] = []
  const cursor = new RowCursor(rows)
  while (cursor.next())
    lines.push(
      JSON.parse(Buffer.from(rows.subarray(cursor.line, cursor.end)).toString()) as Sighting,
    )
  return lines
}

/** Members of a sighting's line that its hello decides. */
const PROFILE = [
  ...['alpn', 'record_version', 'quic_version', 'client_hello_version', 'tls_version'],
  ...FINGERPRINTS,
  ...['tls_fp', 'iana'],
]
/** Members that a row's head and origin hold. */
const HEAD = ['time', 'file', 'interface', 'sensor', 'proto', 'src', 'srcport', 'dst', 'dstport']
const FLOW = [...HEAD, 'vlan', 'tunnel', 'sni', 'id', 'ech', 'hello_len']

/** Rows of made-up sightings: their fingerprints are kept as text, as of a sighting without its hello. */
export function rowsOf(sightings: readonly Sighting[]): Buffer {
  return Buffer.concat(sightings.map(rowOf))
}

function rowOf(sighting: Sighting): Buffer {
  const micros = microsOf(sighting.time)
  const members = (keys: readonly string[]): string =>
    Object.entries(sighting)
      .filter(([key]) => keys.includes(key))
      .map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`)
      .join('')
  const origin = members(['file', 'interface', 'sensor'])
  const parts = [
    `{"time":"${timeOf(micros)}"${origin}${members(['proto', 'src', 'srcport', 'dst', 'dstport'])}`,
    members(['vlan', 'tunnel']),
    sighting.sni === undefined ? '' : `,"sni":"`,
    sighting.sni === undefined ? '' : JSON.stringify(sighting.sni).slice(1, -1),
    sighting.sni === undefined ? '' : '"',
    members(PROFILE),
    members(['id', 'ech', 'hello_len']),
    members(Object.keys(sighting).filter((key) => ![...FLOW, ...PROFILE].includes(key))),
    '}\n',
  ]
  const ends: number[] = []
  let at = 0
  for (const part of parts) ends.push((at += Buffer.byteLength(part)))
  const line = Buffer.from(parts.join(''))
  const body = Buffer.from(members(PROFILE))
  const head = Buffer.alloc(ROW_SECTIONS + 1 + body.length + ROW_LINE_LEN)
  const src = ipaddr.parse(sighting.src).toByteArray()
  head.writeUInt32LE(head.length, 0)
  head.writeDoubleLE(micros, ROW_TIME)
  head[ROW_IP_VERSION] = src.length === 4 ? 4 : 6
  head[ROW_TRANSPORT] = TRANSPORTS.indexOf(sighting.proto)
  head.writeUInt16LE(sighting.srcport, ROW_SRC_PORT)
  head.writeUInt16LE(sighting.dstport, ROW_DST_PORT)
  head.writeUInt16LE(Buffer.byteLength(origin), ROW_ORIGIN_LEN)
  head.set(src, ROW_SRC)
  const dst = ipaddr.parse(sighting.dst).toByteArray()
  head.set(dst.length > src.length ? dst.slice(-4) : dst, ROW_DST)
  head.write(sighting.id ?? '', ROW_ID, 'hex')
  const isEncapsulated = sighting.vlan !== undefined || sighting.tunnel !== undefined
  head[ROW_FLAGS] =
    (sighting.ech === true ? ROW_ECH : 0) |
    (isEncapsulated ? ROW_ENCAPSULATED : 0) |
    (sighting.quality?.includes('no-syn') === true ? ROW_NO_SYN : 0) |
    (sighting.quality?.includes('conflict') === true ? ROW_CONFLICT : 0)
  head.writeUInt32LE(sighting.hello_len, ROW_HELLO_LEN)
  head.writeUInt16LE(1, ROW_DELTA_LEN)
  head.writeUInt32LE(body.length, ROW_BODY_LEN)
  head[ROW_SECTIONS] = ROW_TEXT
  head.set(body, ROW_SECTIONS + 1)
  const [, , sniOff = 0, sniEnd = 0, profile = 0, profileEnd = 0, rest = 0] = ends
  const hasSni = sighting.sni !== undefined
  const places = [hasSni ? sniOff : 0, hasSni ? sniEnd : 0, profile, profileEnd, rest, rest]
  for (const [i, place] of places.entries())
    head.writeUInt32LE(place, head.length - ROW_LINE_LEN + 4 * i)
  return Buffer.concat([head, line])
}
