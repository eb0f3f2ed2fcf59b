// From packets to answers: a connection that can be read in two ways, and a packet that a stranger sent under another's
// address, through the pipeline and each store.

import { expect } from 'chai'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import { TCP_ACK, TCP_SYN } from '../../src/model/packet.js'
import type { Sighting } from '../../src/model/sighting.js'
import type { Store } from '../../src/store/contract.js'
import { writePcap } from '../capture/pcap-writer.js'
import { rowsOfCapture, sightingsInRows } from '../rows.js'
import { memoryKind, redisKind } from '../store/stores.js'
import type { Ends, SegmentOptions } from '../stream/segments.js'
import { linuxOptions, record, reversed, segment, timestamps } from '../stream/segments.js'
import { be16, byteRun, clientHello, serverHello, vector16 } from '../tls/hello-builder.js'
import type { Answer } from './fixture.js'
import { TOKENS, bearer } from './fixture.js'

const RAW_IP = 101
const CLIENT = '192.0.2.1'
const PORT = 40_000
const ISN = 1000
const SERVER_ISN = 5000
const CLOCK = 1_000_000
const share = (bytes: readonly number[]) => [...be16(29), ...vector16(bytes)]
const real = record(
  clientHello({
    extensions: [
      [43, [2, ...be16(0x0304)]],
      [51, vector16(share(byteRun(32)))],
    ],
  }),
)
const decoy = record(clientHello({ ciphers: [0xc02f, 0x009c], random: byteRun(32, 7) }))
const answer = record(
  serverHello({
    extensions: [
      [43, be16(0x0304)],
      [51, share(byteRun(32))],
    ],
  }),
  22,
  0x0303,
)

type Frames = readonly Uint8Array[]

/** The client's SYN and the server's answer. */
function opened(ends: Ends = {}): Frames {
  const options = linuxOptions(CLOCK)
  return [
    segment(ISN, new Uint8Array(0), { ...ends, flags: TCP_SYN, options }).bytes,
    segment(SERVER_ISN, new Uint8Array(0), {
      ...reversed(ends),
      flags: TCP_SYN | TCP_ACK,
      ack: ISN + 1,
      options,
    }).bytes,
  ]
}

function sent(bytes: Uint8Array, options: SegmentOptions = {}): Uint8Array {
  const usual = { ack: SERVER_ISN + 1, options: timestamps(CLOCK + 1) }
  return segment(ISN + 1, bytes, { ...usual, ...options }).bytes
}

const answered = segment(SERVER_ISN + 1, answer, {
  ...reversed({}),
  ack: ISN + 1 + real.length,
  options: timestamps(CLOCK + 2),
}).bytes

for (const kind of [memoryKind(), redisKind()])
  describe(`right answers of the ${kind.name}`, function () {
    this.timeout(60_000)
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-readings-'))
    let store: Store

    before(() => kind.start())
    after(async () => {
      rmSync(folder, { recursive: true, force: true })
      await kind.stop()
    })
    beforeEach(async () => {
      store = await kind.open({ ttlSeconds: 3600, perIp: 100, spool: 1000 })
    })
    afterEach(() => store.close())

    /** Has the pipeline read packets of the last moments, a millisecond apart, and puts what it gives. */
    async function see(frames: Frames, options: { server?: boolean } = {}): Promise<Sighting[]> {
      const file = join(folder, 'packets.pcap')
      const now = Date.now() - 1000
      const written = frames.map((bytes, i) => ({
        bytes,
        seconds: Math.floor((now + i) / 1000),
        nanos: ((now + i) % 1000) * 1e6,
      }))
      writeFileSync(file, writePcap(written, { linkType: RAW_IP }))
      const rows = await rowsOfCapture(file, options.server ?? true)
      store.put(rows)
      await store.drain()
      return sightingsInRows(rows)
    }

    const app = () => createApp({ store, trustedProxies: ['127.0.0.1'], waitMs: 0, tokens: TOKENS })
    const connection = async (query = '') =>
      (await request(app())
        .get(`/connection?ip=${CLIENT}&port=${PORT}&wait=0${query}`)
        .set(bearer('analyst'))) as Answer
    /** `/fps` of the client; of its connection with `port`. */
    const fps = async (port?: number, query = '') =>
      (
        (await request(app())
          .get(`/fps${query}`)
          .set({
            'X-Real-IP': CLIENT,
            ...(port === undefined ? {} : { 'X-Real-Port': String(port) }),
          })) as Answer
      ).body

    const cases: Readonly<Record<string, Frames>> = {
      'the decoy came first': [...opened(), sent(decoy, { ttl: 3 }), sent(real), answered],
      'the decoy came last': [...opened(), sent(real), sent(decoy), answered],
    }
    for (const [name, frames] of Object.entries(cases))
      it(`are the confirmed reading where ${name}`, async () => {
        const seen = await see(frames)
        expect(seen).to.have.length(2)
        const ja4 = seen.find(({ confirmed }) => confirmed)?.ja4
        expect(ja4).to.match(/^t13/)
        const found = await connection()
        expect(found.status).to.equal(200)
        expect(found.body).to.include({ ja4, confirmed: true })
        const header = await connection('&auth=1')
        expect(header.headers).to.include({ 'x-hellotap': 'found', 'x-ja4': ja4 })
        expect(await fps(PORT)).to.include({ ja4, confirmed: true, matched_by: 'connection' })
        expect(await fps()).to.include({ ja4, confirmed: true, matched_by: 'ip' })
      })

    it('are none, with the reason, where no answer confirmed a reading', async () => {
      const seen = await see([...opened(), sent(real), sent(decoy)], { server: false })
      expect(seen).to.have.length(2)
      const { status, body } = await connection()
      expect(status).to.equal(404)
      expect(body['detail']).to.contain('can be read as different hellos')
      const { headers } = await connection('&auth=1')
      expect(headers['x-hellotap']).to.equal('conflict')
      expect(headers).not.to.have.any.keys('x-ja4', 'x-ja3', 'x-tls-fp')
      for (const query of ['', '?detail=1']) {
        const own = await fps(PORT, query)
        expect(own['msg']).to.contain('can be read as different hellos')
        expect(own).not.to.have.any.keys('ja4', 'sha3_384')
      }
      // both are held, each with its mark
      const all = (await fps(undefined, '?all=1'))['fingerprints'] as Sighting[]
      expect(all.filter(({ quality }) => quality?.includes('conflict'))).not.to.have.length(0)
    })

    it('are never a spoofed segment’s without a SYN, where there is another', async () => {
      const [own] = await see([...opened(), sent(real)], { server: false })
      const spoofed = [
        sent(decoy, { srcPort: PORT, dstPort: 8443 }),
        sent(decoy, { srcPort: PORT + 1 }),
      ]
      expect(await see(spoofed, { server: false })).to.have.length(2)
      expect((await connection()).body['ja4']).to.equal(own?.ja4)
      for (const port of [PORT, PORT + 2, undefined])
        expect((await fps(port))['ja4'], String(port)).to.equal(own?.ja4)
    })

    it('are marked where a segment without a SYN is all there is', async () => {
      const [spoofed] = await see([sent(decoy)], { server: false })
      const own = await fps()
      expect(own).to.include({ ja4: spoofed?.ja4 })
      expect(own['quality']).to.deep.equal(['no-syn'])
      expect(own['uncertain']).to.contain('anybody may have sent')
    })
  })
