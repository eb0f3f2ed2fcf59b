import { expect } from 'chai'
import type { Sighting } from '../../src/model/sighting.js'
import type { Store, UserAgentVia } from '../../src/store/contract.js'
import { microsOf } from '../../src/store/sighting-time.js'
import { sighting } from './sightings.js'
import { rowsOf } from '../rows.js'
import { clusterKind, memoryKind, redisKind, sentinelKind } from './stores.js'

const IP = '192.0.2.1'
const LIMITS = { ttlSeconds: 3600, perIp: 5, spool: 30_000 }
const STATS = { onlyWithUserAgent: false, top: 100 }

for (const kind of [memoryKind(), redisKind(), sentinelKind(), clusterKind()]) {
  describe(kind.name, function () {
    this.timeout(180_000)
    const { clock } = kind
    let store: Store

    before(() => kind.start())
    after(() => kind.stop())
    beforeEach(async () => {
      store = await kind.open(LIMITS)
    })
    afterEach(() => store.close())

    /** Puts sightings `ago` milliseconds before now, and waits until they are stored. */
    async function put(...sightings: (Parameters<typeof sighting>[0] & { ago?: number })[]) {
      const made = sightings.map(({ ago = 0, ...rest }) =>
        sighting({ micros: clock.micros - ago * 1000, ...rest }),
      )
      store.put(rowsOf(made))
      await store.drain()
      return made
    }

    const ports = (sightings: readonly Sighting[]) => sightings.map(({ srcport }) => srcport)

    it('knows nothing of an address it has not seen', async () => {
      expect(await store.latest(IP)).to.equal(undefined)
      expect(await store.sightings(IP, 0, 10)).to.deep.equal({ sightings: [], total: 0 })
      expect(await store.concurrent(IP)).to.equal(0)
      expect(await store.total()).to.equal(0)
      expect(await store.fingerprint('0'.repeat(32))).to.equal(undefined)
      expect(await store.connection(IP, 1, 0)).to.equal(undefined)
      expect(await store.stats(STATS)).to.deep.equal({
        total_sightings: 0,
        distinct_fingerprints: 0,
        other_sightings: 0,
        distinct_clients: 0,
        fingerprints: [],
        distributions: {
          tls_version: [],
          client_hello_version: [],
          ciphers: [],
          extensions: [],
          supported_groups: [],
          alpn: [],
        },
      })
    })

    it('counts what it is given that is no row, and keeps the rows before', async () => {
      const rows = rowsOf([sighting({ ip: IP, micros: clock.micros })])
      store.put(Buffer.concat([rows, Buffer.from('{"time":"no row"}\n')]))
      await store.drain()
      expect(store.health()).to.include({ stored: 1, bad_rows: 1 })
      expect((await store.sightings(IP, 0, 10)).total).to.equal(1)
    })

    it('gives a sighting back as it was put, every key of it', async () => {
      const [whole] = await put({
        sni: 'a "quoted" \\ name \\x00',
        alpn: ['h2', 'http/1.1'],
        vlan: 12,
        tunnel: 'gre/vxlan',
        sensor: 'left',
        ech: true,
        quality: ['gap', 'hrr'],
        ja3_string: '771,4865-4866,0-11-10,29-23,0',
        hello: 'AQAC',
        evidence: '1 x25519_shared=1 g=abcddef sid=32',
      })
      expect(await store.latest(IP)).to.deep.equal(whole)
    })

    it('takes the latest by time, and of equal times the last to come', async () => {
      await put({ port: 1, ago: 10 }, { port: 2, ago: 30 }, { port: 3, ago: 20 })
      expect((await store.latest(IP))?.srcport).to.equal(1)
      await put({ port: 4, ago: 10 })
      await put({ port: 5, ago: 10 })
      const { sightings } = await store.sightings(IP, 0, 10)
      expect(ports(sightings)).to.deep.equal([5, 4, 1, 3, 2])
    })

    it('tells two sightings apart that differ by a microsecond, or by nothing', async () => {
      const { micros } = clock
      await put({ port: 2, micros: micros - 1 }, { port: 1, micros: micros - 2 })
      expect((await store.latest(IP))?.srcport).to.equal(2)
      await put({ port: 2, micros: micros - 1 })
      expect((await store.sightings(IP, 0, 10)).total).to.equal(3)
    })

    it('keeps addresses apart, IPv6 among them', async () => {
      await put({ ip: '2001:db8::1', port: 1 }, { ip: IP, port: 2 })
      expect((await store.latest('2001:db8::1'))?.srcport).to.equal(1)
      expect((await store.latest(IP))?.srcport).to.equal(2)
      expect(await store.latest('2001:db8::2')).to.equal(undefined)
    })

    it('pages newest first', async () => {
      await put(...[5, 4, 3, 2, 1].map((port) => ({ port, ago: port })))
      const { sightings, total } = await store.sightings(IP, 1, 2)
      expect(ports(sightings)).to.deep.equal([2, 3])
      expect(total).to.equal(5)
      expect(await store.sightings(IP, 5, 2)).to.deep.equal({ sightings: [], total: 5 })
    })

    it('keeps so many of an address, the last to come', async () => {
      await put(...[7, 6, 5, 4, 3, 2, 1].map((ago) => ({ port: ago, ago })))
      const { sightings, total } = await store.sightings(IP, 0, 100)
      expect(ports(sightings)).to.deep.equal([1, 2, 3, 4, 5])
      expect(total).to.equal(5)
      expect(store.health()).to.include({ stored: 7, evicted: 2 })
    })

    it('finds every connection of the last minutes, whatever the bound of their address', async () => {
      const all = Array.from({ length: 1000 }, (_, i) => ({ port: 2000 + i, ago: 1000 - i }))
      await put(...all)
      expect((await store.sightings(IP, 0, 100)).total).to.equal(5)
      const found = await Promise.all(all.map(({ port }) => store.connection(IP, port, 0)))
      expect(found.map((each) => each?.srcport)).to.deep.equal(all.map(({ port }) => port))
    })

    it('forgets a sighting at its own time plus the TTL, and counts one that is past it', async () => {
      await put(
        { port: 1, ago: 3_601_000 },
        { port: 2, ago: 3_590_000 },
        { port: 3, ago: 1_000_000 },
      )
      expect(store.health()).to.include({ stored: 2, too_old: 1 })
      expect(ports((await store.sightings(IP, 0, 10)).sightings)).to.deep.equal([3, 2])
      clock.ms += 11_000
      expect((await store.sightings(IP, 0, 10)).total).to.equal(1)
      expect(await store.connection(IP, 2, 0)).to.equal(undefined)
      clock.ms += 3_000_000
      expect(await store.latest(IP)).to.equal(undefined)
      expect(await store.concurrent(IP)).to.equal(0)
    })

    it('holds a sighting from the future as one of now, so that it is not the latest for ever', async () => {
      await put({ port: 1, ago: -86_400_000 })
      clock.ms += 2000
      await put({ port: 2 })
      expect((await store.latest(IP))?.srcport).to.equal(2)
      clock.ms += 3_599_000
      expect((await store.sightings(IP, 0, 10)).total).to.equal(1)
    })

    it('counts the fingerprints an address shows, whatever their order of extensions', async () => {
      await put(
        { fingerprint: 1, order: 1 },
        { fingerprint: 1, order: 2 },
        { fingerprint: 2 },
        { ip: '192.0.2.9', fingerprint: 3 },
      )
      expect(await store.concurrent(IP)).to.equal(2)
    })

    it('forgets the statistics of a TTL ago, a twelfth of it later at most', async () => {
      await put({ fingerprint: 1, ip: '192.0.2.8' }, { fingerprint: 1 })
      clock.ms += 1_800_000
      const [second] = await put({ fingerprint: 2 })
      clock.ms += 1_800_000 + 300_000
      expect(await store.total()).to.equal(1)
      const stats = await store.stats(STATS)
      expect(stats.distinct_fingerprints).to.equal(1)
      expect(stats.distinct_clients).to.equal(1)
      expect(stats.fingerprints.map((each) => each.sha3_384)).to.deep.equal([second?.sha3_384])
      expect(stats.distributions.tls_version).to.deep.equal([
        { value: 'TLS 1.3', count: 1, share: 1 },
      ])
      expect(await store.fingerprint(sighting({ fingerprint: 1 }).ja4 ?? '')).to.equal(undefined)
      clock.ms += 3_600_000
      expect((await store.stats(STATS)).total_sightings).to.equal(0)
    })

    describe('connection', () => {
      it('finds the latest hello of an address and port', async () => {
        await put({ port: 7, ago: 20 }, { port: 7, ago: 10, fingerprint: 3 }, { port: 8 })
        const found = await store.connection(IP, 7, 0)
        expect(found?.ja4).to.equal(sighting({ fingerprint: 3 }).ja4)
      })

      it('finds none that is older than since: the port was another connection’s', async () => {
        await put({ port: 7, ago: 5000 })
        const since = clock.ms / 1000 - 1
        expect(await store.connection(IP, 7, 0, since)).to.equal(undefined)
        const waited = store.connection(IP, 7, 2000, since)
        await put({ port: 7, fingerprint: 4 })
        expect((await waited)?.ja4).to.equal(sighting({ fingerprint: 4 }).ja4)
      })

      it('resolves as soon as the hello is put', async () => {
        const started = performance.now()
        const waited = store.connection(IP, 7, 5000)
        await new Promise((resolve) => setTimeout(resolve, 30))
        await put({ port: 6 }, { port: 7 }, { ip: '192.0.2.2', port: 7 })
        const found = await waited
        expect(found).to.include({ src: IP, srcport: 7 })
        expect(performance.now() - started).to.be.below(1000)
      })

      it('answers all who wait for the same', async () => {
        const waited = [1, 2, 3].map(() => store.connection(IP, 7, 2000))
        await put({ port: 7 })
        for (const found of await Promise.all(waited)) expect(found?.srcport).to.equal(7)
      })

      it('waits no longer than told for one that does not come', async () => {
        const started = performance.now()
        await put({ port: 6 })
        expect(await store.connection(IP, 7, 60)).to.equal(undefined)
        expect(performance.now() - started).to.be.within(55, 1000)
      })

      describe('of readings that conflict', () => {
        const real = { fingerprint: 1, port: 7 }
        const other = { fingerprint: 2, port: 7 }
        const ja4 = (fingerprint: number) => sighting({ fingerprint }).ja4
        const conflict = { quality: ['conflict'] }

        it('gives the one that the server answered, whichever came last', async () => {
          await put({ ...real, ...conflict, confirmed: true, ago: 20 })
          await put({ ...other, ...conflict, ago: 10 })
          const found = await store.connection(IP, 7, 0)
          expect(found).to.include({ ja4: ja4(1), confirmed: true })
          expect((await store.latest(IP))?.ja4).to.equal(ja4(1))
        })

        it('gives one with the mark where that is not known', async () => {
          await put({ ...real, ago: 20 }, { ...other, ...conflict, ago: 10 })
          const found = await store.connection(IP, 7, 0)
          expect(found?.quality).to.deep.equal(['conflict'])
          expect(found).not.to.have.property('confirmed')
        })

        it('gives no confirmed one of an earlier connection from that port', async () => {
          await put({ ...real, confirmed: true, ago: 120_000 }, { ...other, ...conflict })
          expect((await store.connection(IP, 7, 0))?.quality).to.deep.equal(['conflict'])
        })

        it('waits for the confirmed one', async () => {
          await put({ ...other, ...conflict })
          const waiting = store.connection(IP, 7, 5000)
          await put({ ...other, ...conflict, ago: 1 })
          await put({ ...real, ...conflict, confirmed: true, ago: 2 })
          expect(await waiting).to.include({ ja4: ja4(1), confirmed: true })
        })
      })

      it('gives no hello without a SYN before one whose connection was seen from its SYN on', async () => {
        const [real] = await put({ port: 7, fingerprint: 1, ago: 3000 })
        await put({ port: 7, fingerprint: 2, quality: ['no-syn'] })
        await put({ port: 8, fingerprint: 3, quality: ['no-syn'] })
        expect((await store.connection(IP, 7, 0))?.ja4).to.equal(real?.ja4)
        expect((await store.latest(IP))?.ja4).to.equal(real?.ja4)
        // it is all there is of that port
        expect((await store.connection(IP, 8, 0))?.quality).to.deep.equal(['no-syn'])
        await put({ ip: '192.0.2.77', quality: ['no-syn'] })
        expect((await store.latest('192.0.2.77'))?.quality).to.deep.equal(['no-syn'])
      })
    })

    describe('fingerprint', () => {
      it('is found by its value under any method, also by one of a permuted hello', async () => {
        const made = await put(
          { fingerprint: 1, order: 1, npf: `tls/(${'ab'.repeat(700)})` },
          { fingerprint: 1, order: 2, ip: '192.0.2.9', ago: 1000 },
          { fingerprint: 2 },
        )
        for (const method of [
          'sha3_384',
          'sha3_384_stable',
          'ja3',
          'ja4',
          'npf1',
          'npf',
        ] as const) {
          const found = await store.fingerprint(made[0]?.[method] ?? '')
          expect(found, method).to.include({ matched: method, count: 2, clients: 2, rank: 1 })
          expect(found?.first_seen).to.equal(microsOf(made[1]?.time ?? '') / 1e6)
          expect(found?.last_seen).to.equal(microsOf(made[0]?.time ?? '') / 1e6)
        }
        const permuted = await store.fingerprint(made[1]?.ja3 ?? '')
        expect(permuted).to.include({
          ...{ matched: 'ja3', ja3: made[1]?.ja3, counted_by: 'sha3_384_stable' },
        })
        expect(await store.fingerprint(made[2]?.ja4 ?? '')).to.include({ count: 1, rank: 2 })
        expect(await store.fingerprint('no such value')).to.equal(undefined)
      })
    })

    describe('User-Agents', () => {
      const observe = (userAgent: string, port?: number, ago = 0) =>
        store.observeUserAgent({
          ip: IP,
          userAgent,
          via: 'api',
          time: clock.ms / 1000 - ago,
          ...(port === undefined ? {} : { port }),
        })
      const agents = async (): Promise<Record<string, readonly string[]>> =>
        Object.fromEntries(
          (await store.stats({ onlyWithUserAgent: true, top: 10 })).fingerprints.map((each) => [
            each.ja4 ?? '',
            (each.user_agents ?? []).map(({ user_agent, count }) => `${user_agent} ${count}`),
          ]),
        )
      const ja4 = (fingerprint: number) => sighting({ fingerprint }).ja4 ?? ''

      it('go to the connection’s fingerprint where the port is known, else to the address’s latest', async () => {
        await put({ port: 1, fingerprint: 1, ago: 10 }, { port: 2, fingerprint: 2 })
        await observe('curl/8', 1)
        await observe('Firefox')
        await observe('Firefox')
        await observe('Chrome')
        expect(await agents()).to.deep.equal({
          [ja4(1)]: ['curl/8 1'],
          [ja4(2)]: ['Firefox 2', 'Chrome 1'],
        })
      })

      it('go to a hello that was put a moment ago', async () => {
        store.put(rowsOf([sighting({ micros: clock.micros, ip: IP, port: 5, fingerprint: 1 })]))
        await observe('curl/8', 5)
        store.put(rowsOf([sighting({ micros: clock.micros, ip: IP, port: 6, fingerprint: 2 })]))
        await observe('curl/9', 6)
        await store.drain()
        expect(await agents()).to.deep.equal({ [ja4(1)]: ['curl/8 1'], [ja4(2)]: ['curl/9 1'] })
      })

      it('do nothing without a matching sighting', async () => {
        await observe('curl/8')
        await put({ port: 1, fingerprint: 1 })
        await observe('curl/8', 2)
        await observe('curl/8', 1, 3600)
        expect(await agents()).to.deep.equal({})
        expect((await store.stats(STATS)).fingerprints[0]).not.to.have.property('user_agents')
      })

      it('are forgotten with the rest', async () => {
        await put({ port: 1, fingerprint: 1 })
        await observe('curl/8')
        clock.ms += 3_000_000
        await put({ port: 1, fingerprint: 1 })
        await observe('curl/9')
        expect(await agents()).to.deep.equal({ [ja4(1)]: ['curl/9 1', 'curl/8 1'] })
        clock.ms += 900_000
        expect(await agents()).to.deep.equal({ [ja4(1)]: ['curl/9 1'] })
      })

      it('are counted by how they were learnt, and what anyone can forge leaves room', async () => {
        await put({ port: 1, fingerprint: 1 })
        const learn = (userAgent: string, via: UserAgentVia) =>
          store.observeUserAgent({ ip: IP, userAgent, via, time: clock.ms / 1000 })
        for (let i = 0; i < 40; i++) await learn(`forged ${i}`, 'http')
        await learn('curl/8', 'http')
        await learn('forged 5', 'http')
        for (const via of ['proxy-log', 'proxy-log', 'api'] as const) await learn('curl/8', via)
        await learn('forged 5', 'api')
        const [{ user_agents = [] } = {}] = (await store.stats(STATS)).fingerprints
        expect(user_agents.slice(0, 2)).to.deep.equal([
          { user_agent: 'forged 5', count: 3, via: { api: 1, http: 2 } },
          { user_agent: 'curl/8', count: 3, via: { api: 1, 'proxy-log': 2 } },
        ])
        expect(Object.keys(user_agents[0]?.via ?? {})).to.deep.equal(['api', 'http'])
        expect(user_agents).to.have.length(33)
      })

      it('are bounded for each fingerprint, and in length', async () => {
        await put({ port: 1, fingerprint: 1 })
        for (let i = 0; i < 70; i++) await observe(`agent ${i}`)
        await observe('agent 3')
        await put({ ip: IP, port: 2, fingerprint: 2 })
        await observe('x'.repeat(100_000))
        const counted = await agents()
        expect(counted[ja4(1)]).to.have.length(64)
        expect(counted[ja4(1)]?.[0]).to.equal('agent 3 2')
        expect(counted[ja4(2)]).to.deep.equal([`${'x'.repeat(512)} 1`])
      })
    })

    it('finds every held fingerprint after thousands of forged ones', async () => {
      const [real] = await put({ fingerprint: 1, order: 3 })
      for (let at = 0; at < 2000; at += 1000)
        await put(
          ...Array.from({ length: 1000 }, (_, i) => ({
            ip: `10.${at / 1000}.${i >> 8}.${i & 255}`,
            fingerprint: 100 + at + i,
            quality: ['no-syn'],
          })),
        )
      const [later] = await put({ ip: '192.0.2.2', fingerprint: 2, order: 4 })
      for (const made of [real, later])
        for (const method of ['sha3_384', 'ja3', 'ja3n', 'ja4', 'npf1'] as const)
          expect(await store.fingerprint(made?.[method] ?? ''), method).to.include({ count: 1 })
      expect((await store.stats(STATS)).distinct_fingerprints).to.equal(2002)
    })

    it('counts a bounded number of values of one hello', async () => {
      const tls_fp = sighting().tls_fp
      if (tls_fp === undefined) throw new Error('the made-up sighting has a tls_fp')
      for (let i = 0; i < 2; i++) await put({ tls_fp: { ...tls_fp, ciphers: '1,1,1,2' } })
      const ciphers = Array.from({ length: 600 }, (_, j) => 1000 + j).join(',')
      await put({ tls_fp: { ...tls_fp, ciphers }, alpn: ['name', 'y'.repeat(1000)] })
      const { distributions } = await store.stats({ onlyWithUserAgent: false, top: 10_000 })
      expect(distributions.ciphers).to.have.length(514)
      expect(distributions.ciphers.find(({ value }) => value === '1')?.count).to.equal(2)
      const long = distributions.alpn.find(({ value }) => value === `${'y'.repeat(64)}…`)
      expect(long?.count).to.equal(1)
    })

    it('keeps confirmed sightings apart from the unconfirmed, which go first', async () => {
      await store.close()
      store = await kind.open({ ...LIMITS, mib: 1 })
      await put(...Array.from({ length: 200 }, (_, i) => ({ ip: `192.0.2.${i}` })))
      for (let at = 0; at < 6; at++)
        await put(
          ...Array.from({ length: 1000 }, (_, i) => ({
            ip: `10.${at}.${i >> 4}.${i & 15}`,
            quality: [i % 2 === 0 ? 'no-syn' : 'conflict'],
          })),
        )
      for (let i = 0; i < 200; i++)
        expect(await store.latest(`192.0.2.${i}`), String(i)).not.to.equal(undefined)
      const { stored, evicted, refused, merged, too_old, dropped } = store.health()
      expect(stored + refused + merged + too_old + dropped).to.equal(6_200)
      expect(evicted).to.be.above(1000)
    })

    it('counts a sighting once that comes twice, and names who saw it', async () => {
      await store.close()
      store = await kind.open({ ...LIMITS, dedupeSeconds: 600 })
      const one = { id: '0123456789abcdef', port: 1 }
      await put({ ...one, sensor: 'left' }, { ...one, sensor: 'right' })
      await put({ ...one, sensor: 'right' }, { id: 'fedcba9876543210', port: 2 })
      expect(store.health()).to.include({ stored: 2, merged: 2 })
      expect(await store.total()).to.equal(2)
      const { sightings, total } = await store.sightings(IP, 0, 10)
      expect(total).to.equal(2)
      expect(sightings.find(({ srcport }) => srcport === 1)?.witnesses).to.deep.equal([
        { interface: 'eth0', sensor: 'left' },
        { interface: 'eth0', sensor: 'right' },
      ])
    })

    it('counts a live sensor’s sightings by their age, whatever its clock says', async () => {
      await store.close()
      store = await kind.open(LIMITS, { clock: 'arrival' })
      const hours = 26 * 3_600_000
      for (const ahead of kind.name === 'memory store' ? [0] : [hours, -hours]) {
        const wrong = await kind.another(LIMITS, {
          clock: 'arrival',
          now: () => clock.ms + ahead,
        })
        const ip = `192.0.2.${ahead > 0 ? 1 : 2}`
        const made = sighting({ ip, micros: clock.micros + ahead * 1000 - 1e6 })
        wrong.put(rowsOf([made]))
        await wrong.drain()
        if (kind.name !== 'memory store') {
          expect(wrong.health()).to.include({ stored: 1, too_old: 0 })
          expect(await store.latest(ip)).to.deep.equal(made)
          expect((await wrong.stats(STATS)).total_sightings).to.equal(ahead > 0 ? 1 : 2)
        }
        await wrong.close()
      }
    })

    it('tells its statistics ahead of the questions', async () => {
      await put({ port: 1 })
      const options = { onlyWithUserAgent: false, top: 5 }
      const first = await store.statsSnapshot(options)
      expect(first.stats).to.deep.equal(await store.stats(options))
      await put({ port: 2 })
      expect(await store.statsSnapshot(options)).to.deep.equal(first)
      await new Promise((resolve) => setTimeout(resolve, 1100))
      const second = await store.statsSnapshot(options)
      expect(second.etag).not.to.equal(first.etag)
      expect(second.stats.total_sightings).to.equal(2)
    })

    it('gives every sighting to a visitor, until that has enough', async () => {
      const made = await put(...[1, 2, 3].map((i) => ({ ip: `192.0.2.${i}`, port: i })))
      const all: Sighting[] = []
      await store.visit((each) => all.push(each) > 0)
      expect(all.sort((a, b) => a.srcport - b.srcport)).to.deep.equal(made)
      let taken = 0
      await store.visit(() => ++taken < 2)
      expect(taken).to.equal(2)
    })

    it('is healthy, and closes twice without complaint', async () => {
      expect(store.health()).to.include({ ready: true, spooled: 0, dropped: 0, bad_rows: 0 })
      await store.close()
      await store.close()
    })
  })
}
