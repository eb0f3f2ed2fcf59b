// Each format is read back by a small reader of its own, written from the format's description.

import { expect } from 'chai'
import { readFileSync, readdirSync } from 'node:fs'
import * as z from 'zod'
import { SIGHTING_COLUMNS, csvCell } from '../../src/output/csv-format.js'
import type { SightingRow, TextFormat } from '../../src/output/format.js'
import { formatOf } from '../../src/output/formats.js'

const captures = new URL('../../captures/', import.meta.url)
const sightings = readdirSync(captures)
  .filter((name) => name.endsWith('.jsonl'))
  .flatMap((name) => readFileSync(new URL(name, captures), 'utf8').split('\n').slice(0, -1))
  .map((line) => JSON.parse(line) as SightingRow)
  .filter(({ time }) => time)

const now = () => new Date('2026-11-30T12:00:00Z')
const text = (name: TextFormat, rows: readonly SightingRow[], width = 120, isColoured = false) => {
  const format = formatOf(name, { terminal: { width, isColoured }, now })
  return format.head() + rows.map(format.row).join('') + format.tail()
}
const hostile: SightingRow = {
  time: '2026-11-30T12:00:00.000001Z',
  proto: 'tcp',
  src: '2001:db8::1',
  srcport: 40_000,
  dst: '192.0.2.1',
  dstport: 443,
  sni: '=cmd|\'/c calc\'!A1,"x"',
  alpn: ['a,b', '-', ''],
  client_hello_version: 'TLS 1.2',
  tls_version: 'TLS 1.3',
  hello_len: 100,
}

/** Records of CSV (RFC 4180), quoted cells unquoted. */
function parseCsv(csv: string): string[][] {
  const records: string[][] = [[]]
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/gy
  for (let match; cell.lastIndex < csv.length && (match = cell.exec(csv));) {
    records.at(-1)?.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === '\r\n') records.push([])
  }
  expect(cell.lastIndex, 'all of it is CSV').to.equal(csv.length)
  expect(records.pop()).to.deep.equal([])
  return records
}

/** Rows of a Zeek log by field name, its escapes undone, its sets and vectors split. */
function parseZeek(log: string): Record<string, unknown>[] {
  let fields: string[] = []
  let types: string[] = []
  const rows: Record<string, unknown>[] = []
  const unescape = (value: string) =>
    value.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  for (const line of log.split('\n').slice(0, -1)) {
    const [first = '', ...rest] = line.split('\t')
    if (first === '#fields') fields = rest
    else if (first === '#types') types = rest
    else if (!line.startsWith('#')) {
      const values = line.split('\t')
      expect(values.length).to.equal(fields.length)
      const row: Record<string, unknown> = {}
      for (const [at, raw] of values.entries()) {
        if (raw === '-') continue
        const type = types[at] ?? ''
        row[fields[at] ?? ''] =
          type === 'bool'
            ? raw === 'T'
            : ['port', 'time', 'count'].includes(type)
              ? Number(raw)
              : /^(set|vector)/.test(type)
                ? raw.split(',').map((each) => unescape(each === '(empty)' ? '' : each))
                : unescape(raw)
      }
      rows.push(row)
    }
  }
  return rows
}

const numbers = z.array(z.int().min(0).max(65_535)).optional()
const hash = z.strictObject({
  hash: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
  string: z.string().optional(),
})
const evePart = {
  version: z.string().optional(),
  sni: z.string().optional(),
  ja3: hash.optional(),
  ja3s: hash.optional(),
  ja4: z.string().optional(),
}
/** The names and types field.md lists for EVE, and no others. */
const Eve = z.strictObject({
  timestamp: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000$/),
  flow_id: z.int().min(0),
  in_iface: z.string().optional(),
  event_type: z.enum(['tls', 'quic']),
  vlan: z.array(z.int()).optional(),
  src_ip: z.string(),
  src_port: z.int(),
  dest_ip: z.string(),
  dest_port: z.int(),
  proto: z.enum(['TCP', 'UDP']),
  app_proto: z.enum(['tls', 'quic', 'dtls', 'eap']),
  community_id: z.string().optional(),
  host: z.string().optional(),
  pcap_filename: z.string().optional(),
  hellotap: z.record(z.string(), z.unknown()).optional(),
  tls: z
    .strictObject({
      ...evePart,
      subject: z.string().optional(),
      issuerdn: z.string().optional(),
      notbefore: z.string().optional(),
      notafter: z.string().optional(),
      subjectaltname: z.array(z.string()).optional(),
      session_resumed: z.literal(true).optional(),
      client_alpns: z.array(z.string()).optional(),
      server_alpns: z.array(z.string()).optional(),
      client_handshake: z
        .strictObject({ version: z.string(), ciphers: numbers, exts: numbers, sig_algs: numbers })
        .optional(),
      server_handshake: z
        .strictObject({ version: z.string().optional(), cipher: z.int().optional() })
        .optional(),
    })
    .optional(),
  quic: z.strictObject(evePart).optional(),
})

describe('output formats', () => {
  it('prints CSV that a reader of RFC 4180 gives back', () => {
    const [head, ...records] = parseCsv(text('csv', sightings))
    expect(head).to.deep.equal([...SIGHTING_COLUMNS])
    expect(records.length).to.equal(sightings.length)
    for (const [at, record] of records.entries()) {
      const sighting = sightings[at]
      expect(record[SIGHTING_COLUMNS.indexOf('ja3')]).to.equal(sighting?.ja3 ?? '')
      expect(record[SIGHTING_COLUMNS.indexOf('srcport')]).to.equal(String(sighting?.srcport))
      expect(record[SIGHTING_COLUMNS.indexOf('alpn')]).to.equal(sighting?.alpn?.join(' ') ?? '')
    }
  })

  it('defuses cells that a spreadsheet would run', () => {
    for (const start of ['=', '+', '-', '@', '\t', '\r'])
      expect(csvCell(`${start}1+cmd`)).to.match(/^"?'/)
    expect(csvCell(-5)).to.equal('-5')
    const [, record] = parseCsv(text('csv', [hostile]))
    expect(record?.[SIGHTING_COLUMNS.indexOf('sni')]).to.equal(`'${hostile.sni ?? ''}`)
  })

  it('prints EVE records with Suricata’s names and types alone', () => {
    const records = text('eve', [...sightings, hostile])
      .split('\n')
      .slice(0, -1)
      .map((line) => Eve.parse(JSON.parse(line)))
    expect(records.length).to.equal(sightings.length + 1)
    for (const [at, record] of records.slice(0, -1).entries()) {
      const sighting = sightings[at]
      const { sni, ja3, ja4 } = record.tls ?? record.quic ?? {}
      expect({ sni, ja3: ja3?.hash, ja4 }).to.deep.equal({
        sni: sighting?.sni,
        ja3: sighting?.ja3,
        ja4: sighting?.ja4,
      })
      expect(record.event_type === 'quic').to.equal(sighting?.proto === 'quic')
    }
  })

  it('gives both directions of a flow one flow_id', () => {
    const { src, srcport, dst, dstport } = hostile
    const back = { ...hostile, src: dst, srcport: dstport, dst: src, dstport: srcport }
    const ids = text('eve', [hostile, back])
      .split('\n')
      .slice(0, -1)
      .map((line) => Eve.parse(JSON.parse(line)).flow_id)
    expect(ids[0]).to.equal(ids[1])
  })

  it('prints ECS documents with the names of the schema', () => {
    for (const [at, line] of text('ecs', sightings).split('\n').slice(0, -1).entries()) {
      const sighting = sightings[at]
      const document = JSON.parse(line) as {
        source: { ip: string; port: number }
        destination: { domain?: string }
        tls: { version?: string; version_protocol?: string; client: { ja3?: string; ja4?: string } }
        hellotap: { sha3_384?: string }
        network: { transport: string; type: string }
      }
      expect(document.source).to.deep.equal({ ip: sighting?.src, port: sighting?.srcport })
      expect(document.destination.domain).to.equal(sighting?.sni)
      expect(document.tls.client.ja3).to.equal(sighting?.ja3)
      expect(document.tls.client.ja4).to.equal(sighting?.ja4)
      expect(document.hellotap.sha3_384).to.equal(sighting?.sha3_384)
      const chosen = sighting?.server_version ?? sighting?.tls_version
      expect(`${document.tls.version_protocol?.toUpperCase()} ${document.tls.version}`).to.equal(
        chosen,
      )
      expect(document.network.transport).to.equal(sighting?.proto === 'tcp' ? 'tcp' : 'udp')
    }
  })

  it('prints a Zeek log whose lines a reader of its header gives back', () => {
    const log = text('zeek', [...sightings, hostile])
    expect(log).to.match(/^#separator \\x09\n/)
    expect(log).to.match(/\n#close\t2026-11-30-12-00-00\n$/)
    const rows = parseZeek(log)
    expect(rows.length).to.equal(sightings.length + 1)
    for (const [at, row] of rows.slice(0, -1).entries()) {
      const { src, srcport, sni, ja3, ja4, time } = sightings[at] ?? hostile
      expect([row['id.orig_h'], row['id.orig_p'], row['server_name']]).to.deep.equal([
        src,
        srcport,
        sni,
      ])
      expect([row['ja3'], row['ja4']]).to.deep.equal([ja3, ja4])
      expect(row['ts']).to.be.closeTo(Date.parse(time) / 1000, 0.001)
    }
    expect(rows.at(-1)?.['server_name']).to.equal(hostile.sni)
    expect(rows.at(-1)?.['client_alpns']).to.deep.equal(hostile.alpn)
  })

  it('fits the table to the terminal, and colours it only if asked', () => {
    for (const width of [40, 80, 120, 200]) {
      const lines = text('table', [...sightings.slice(0, 50), hostile], width).split('\n')
      for (const line of lines) expect(line.length, line).to.be.at.most(width)
      expect(lines.join('')).not.to.include('\u001b')
    }
    expect(text('table', sightings.slice(0, 1), 120, true)).to.include('\u001b[36m')
    const wide = text('table', [hostile], 300)
    expect(wide).to.include('[2001:db8::1]:40000')
  })

  it('lets no control character of the wire reach the terminal', () => {
    const evil = { ...hostile, sni: 'a\u001b[2J\u202eb\n' }
    const [, row = ''] = text('table', [evil], 300).split('\n')
    expect(row).to.include('a?[2J?b?')
  })
})
