// Each reason has a hello that earns it, and an honest one that looks alike and does not.

import { expect } from 'chai'
import type { Claim } from '../../../src/knowledge/claim.js'
import { judgeAddress } from '../../../src/knowledge/check/address.js'
import type { HelloFacts } from '../../../src/knowledge/check/hello-facts.js'
import { judge } from '../../../src/knowledge/check/judge.js'
import { upperBound } from '../../../src/knowledge/check/measured.js'
import { REASONS } from '../../../src/knowledge/reasons.js'
import { CHROME, chromium, FIREFOX, firefox, SAFARI, safari } from './facts.js'

interface Side {
  readonly claim: Claim
  readonly hellos: readonly HelloFacts[]
}

interface Case {
  readonly code: string
  readonly weight?: 'unusual'
  readonly earns: Side
  readonly honest: Side
}

const many = (count: number, make: (seed: number) => HelloFacts) =>
  Array.from({ length: count }, (_, index) => make(index + 1))
const chrome = (change: Partial<HelloFacts>, claim: Partial<Claim> = {}): Side => ({
  claim: { ...CHROME, ...claim },
  hellos: [chromium(change)],
})
const fox = (change: Partial<HelloFacts>, claim: Partial<Claim> = {}): Side => ({
  claim: { ...FIREFOX, ...claim },
  hellos: [firefox(change)],
})
const base = chromium()
const evidence = (change: object) => ({ ...base.evidence, ...change }) as HelloFacts['evidence']
const foxEvidence = (change: object) =>
  ({ ...firefox().evidence, ...change }) as HelloFacts['evidence']
const payload = (payload_len: number) => ({ ech: { kdf: 1, aead: 1, enc_len: 32, payload_len } })
const [first = 0, ...rest] = base.extensions
const middle = rest.slice(0, -1)
const last = rest.at(-1) ?? 0
const [firstGroup = 0] = base.groups
/** What Chromium 110 sends otherwise than 138. */
const OLD: Partial<HelloFacts> = {
  extensions: base.extensions.map((id) => (id === 17613 ? 17513 : id)),
  groups: [firstGroup, 29, 23, 24],
  keyShares: [
    { group: firstGroup, length: 1 },
    { group: 29, length: 32 },
  ],
}
/** Chromium 110's hello with padding to `helloLen` bytes. */
const padded = (helloLen: number) =>
  chrome(
    {
      ...OLD,
      extensions: [...(OLD.extensions ?? []), 21],
      extensionLengths: [...base.extensionLengths, 30],
      helloLen,
    },
    { version: 110 },
  )
const noGrease = (list: readonly number[]) => list.slice(1)
const SYN = { win: 64_240, mss: 1460, wscale: 7, df: true }
const LINUX = evidence({ syn: { ...SYN, ttl: 60, opts: 'mstnw' } })
const WINDOWS = evidence({ syn: { ...SYN, ttl: 120, opts: 'mnwnns' } })
const plainHello = (identified: HelloFacts['identified']) =>
  firefox({ extensions: [0, 10, 13, 43], recordSizeLimit: undefined, identified })
const java: Claim = { name: 'Java', product: 'java' }
const curl: Claim = { name: 'curl', product: 'curl' }
const requests: Claim = { name: 'python-requests', product: 'python-requests' }

const CASES: readonly Case[] = [
  {
    code: 'family.other',
    earns: chrome({ ciphers: [0x2a2a, 0x1302, 0x1303, 0x1301, 0xc02c, 0xff] }),
    // a policy that denies suites, and hardware without AES
    honest: chrome({ ciphers: [0x2a2a, 0x1303, 0x1301, 0xcca9, 0xcca8, 0xc02f, 0x35] }),
  },
  {
    code: 'family.other',
    earns: { claim: requests, hellos: [firefox()] },
    honest: {
      claim: requests,
      hellos: [plainHello({ library: 'OpenSSL', confidence: 0.99, basis: 'exact' })],
    },
  },
  {
    code: 'family.other',
    earns: {
      claim: requests,
      hellos: [plainHello({ library: 'Go', confidence: 0.99, basis: 'exact' })],
    },
    // curl is built with many libraries
    honest: {
      claim: curl,
      hellos: [plainHello({ library: 'GnuTLS', confidence: 0.99, basis: 'exact' })],
    },
  },
  {
    code: 'family.other',
    earns: fox({ extensions: [0, 10, 13] }),
    honest: fox({ extensions: [0, 23, 10, 13] }),
  },
  {
    code: 'family.other',
    earns: { claim: java, hellos: [plainHello({ library: 'Go', basis: 'exact' })] },
    // a provider of TLS beside the runtime's own
    honest: { claim: java, hellos: [plainHello({ library: 'Bouncy Castle', basis: 'exact' })] },
  },
  {
    code: 'grease.absent',
    earns: chrome({
      ciphers: noGrease(base.ciphers),
      groups: noGrease(base.groups),
      versions: noGrease(base.versions),
      extensions: middle,
    }),
    // QUIC: Chromium has no GREASE there
    honest: chrome({
      transport: 'quic',
      ciphers: [0x1301, 0x1302, 0x1303],
      groups: noGrease(base.groups),
      versions: [0x0304],
      extensions: [51, 45, 17613, 16, 0, 27, 13, 10, 43, 57, 65037],
      evidence: evidence({ session_id_len: 0 }),
    }),
  },
  {
    code: 'grease.cipher_place',
    earns: chrome({ ciphers: [...noGrease(base.ciphers), 0x2a2a] }),
    // TLS 1.2 as the most: GREASE stays first
    honest: chrome({ ciphers: [0x2a2a, 0xc02b, 0xc02f], versions: [] }),
  },
  {
    code: 'grease.ext_count',
    earns: chrome({ extensions: [first, ...middle] }),
    honest: chrome({ extensions: [first, ...middle.slice(3), last] }),
  },
  {
    code: 'grease.ext_place',
    earns: chrome({ extensions: [...middle.slice(0, 3), first, ...middle.slice(3), last] }),
    // padding and pre_shared_key follow the last one
    honest: chrome({
      extensions: [first, ...middle, last, 21, 41],
      extensionLengths: [0, ...middle.map(() => 4), 1, 100, 200],
      helloLen: 512,
    }),
  },
  {
    code: 'grease.ext_body',
    earns: chrome({ extensionLengths: base.extensions.map(() => 0) }),
    honest: chrome({}),
  },
  {
    code: 'grease.ext_repeat',
    earns: chrome({ extensions: [first, ...middle, first] }),
    honest: chrome({ extensions: [first, ...middle, first ^ 0x1010] }),
  },
  {
    code: 'grease.group_place',
    earns: chrome({ groups: [4588, 29, base.groups[0] ?? 0] }),
    honest: chrome({ groups: [base.groups[0] ?? 0, 29, 23] }),
  },
  {
    code: 'grease.share_not_group',
    earns: chrome({
      keyShares: [
        { group: (base.groups[0] ?? 0) ^ 0x1010, length: 1 },
        { group: 29, length: 32 },
      ],
    }),
    // after a HelloRetryRequest there is no GREASE share
    honest: chrome({ keyShares: [{ group: 24, length: 97 }], isSecond: true }),
  },
  {
    code: 'grease.version_place',
    earns: chrome({ versions: [0x0304, 0x2a2a, 0x0303] }),
    honest: chrome({ versions: [0x2a2a, 0x0304] }),
  },
  {
    code: 'grease.sigalg_constant',
    earns: {
      claim: { ...CHROME, version: 153 },
      hellos: many(6, (seed) => chromium({ schemes: [0x2a2a, ...base.schemes] }, seed)),
    },
    honest: {
      claim: { ...CHROME, version: 153 },
      hellos: many(6, (seed) =>
        chromium({ schemes: [0x0a0a + 0x1010 * seed, ...base.schemes] }, seed),
      ),
    },
  },
  {
    code: 'grease.constant',
    earns: { claim: { ...CHROME, version: 120 }, hellos: many(6, () => chromium()) },
    honest: { claim: CHROME, hellos: many(6, (seed) => chromium({}, seed)) },
  },
  {
    code: 'grease.present',
    earns: fox({ versions: [0x2a2a, 0x0304, 0x0303] }),
    honest: fox({}),
  },
  {
    code: 'content.padding',
    earns: fox({ helloLen: 506, keyShares: [{ group: 29, length: 32 }] }),
    // NSS pads from 256 bytes on, and none that has 512
    honest: fox({ helloLen: 512, keyShares: [{ group: 29, length: 32 }] }),
  },
  {
    code: 'content.padding',
    earns: padded(615),
    honest: padded(512),
  },
  {
    code: 'content.padding',
    earns: chrome({ ...OLD, helloLen: 400 }, { version: 110 }),
    // BoringSSL pads no more
    honest: chrome({ helloLen: 400 }, { version: 156 }),
  },
  {
    code: 'order.fixed',
    earns: {
      claim: CHROME,
      hellos: many(3, (seed) => {
        const hello = chromium({}, seed)
        const { extensions } = hello
        return { ...hello, extensions: [extensions[0] ?? 0, ...middle, extensions.at(-1) ?? 0] }
      }),
    },
    // one hello and its answer to a HelloRetryRequest
    honest: { claim: CHROME, hellos: [chromium(), chromium({ isSecond: true })] },
  },
  {
    code: 'order.moves',
    earns: { claim: { ...CHROME, version: 96 }, hellos: plain(3) },
    honest: { claim: { ...CHROME, version: 111 }, hellos: plain(3) },
  },
  {
    code: 'share.x25519_reused',
    earns: chrome({ evidence: evidence({ x25519_shared: true }) }),
    // a policy turns hybrid shares off: nothing is known
    honest: chrome({ evidence: evidence({ x25519_shared: undefined }) }),
  },
  {
    code: 'share.x25519_fresh',
    earns: fox({ evidence: foxEvidence({ x25519_shared: false }) }),
    honest: fox({ evidence: foxEvidence({ x25519_shared: undefined }) }),
  },
  {
    code: 'ech.length_of_boringssl',
    earns: {
      claim: FIREFOX,
      hellos: [144, 208].map((length) =>
        firefox({ evidence: foxEvidence(payload(length)), helloLen: 1655 + length }),
      ),
    },
    // a resumed session makes the inner hello longer
    honest: {
      claim: FIREFOX,
      hellos: [
        firefox(),
        firefox({
          evidence: foxEvidence(payload(559)),
          helloLen: 2500,
          extensions: [0, 23, 34, 41],
        }),
      ],
    },
  },
  {
    code: 'ech.length_of_rustls',
    earns: {
      claim: CHROME,
      hellos: many(2, (seed) => chromium({ evidence: evidence(payload(432)) }, seed)),
    },
    // real ECH of another name's length
    honest: {
      claim: CHROME,
      hellos: many(2, (seed) => chromium({ evidence: evidence(payload(272)) }, seed)),
    },
  },
  {
    code: 'content.record_size_limit',
    earns: fox({ recordSizeLimit: 0x0fa1 }),
    // TLS 1.2 as the most
    honest: fox({ recordSizeLimit: 0x4000, versions: [0x0303] }),
  },
  {
    code: 'content.sigalgs',
    earns: chrome({ schemes: [0x403, 0x503, 0x603, 0x807] }),
    honest: chrome({ schemes: [0x403, 0x401, 0x601] }),
  },
  {
    code: 'content.sigalgs',
    earns: fox({ schemes: [0x403, 0x503, 0x603, 0x807] }),
    // NSS reorders its schemes where TLS 1.3 is the least
    honest: fox({ schemes: [0x403, 0x503, 0x603, 0x804, 0x805, 0x806, 0x203, 0x401, 0x501] }),
  },
  {
    code: 'content.cert_compression',
    earns: chrome({ certCompression: [1, 2] }),
    honest: chrome({ certCompression: [] }),
  },
  {
    code: 'content.foreign_extension',
    earns: chrome({ extensions: [first, ...middle, 49, last] }),
    // trust_anchors comes and goes with a feature flag
    honest: chrome({ extensions: [first, ...middle, 51764, last] }),
  },
  {
    code: 'content.two_alps',
    earns: chrome({ extensions: [first, ...middle, 17513, last] }),
    honest: chrome({
      extensions: [first, ...middle.filter((id) => id !== 17613), 17513, last],
    }),
  },
  {
    code: 'content.session_id',
    earns: chrome({ evidence: evidence({ session_id_len: 0 }) }),
    // without TLS 1.3 there is no compatibility mode
    honest: chrome({
      evidence: evidence({ session_id_len: 0, ech: undefined }),
      versions: [],
      ciphers: [0x2a2a, 0xc02b],
    }),
  },
  {
    code: 'time.too_new:mlkem768',
    earns: chrome({}, { version: 118 }),
    honest: chrome({}, { version: 130 }),
  },
  {
    code: 'time.too_old:3des',
    earns: chrome({ ciphers: [...base.ciphers, 0x0a] }),
    honest: chrome(
      {
        ...plainLists(),
        ciphers: [0x2a2a, 0x1301, 0xc02b, 0x0a],
        versions: [0x2a2a, 0x0304, 0x0303, 0x0302, 0x0301],
      },
      { version: 92 },
    ),
  },
  {
    code: 'os.syn_other',
    earns: { claim: { ...CHROME, os: 'windows' }, hellos: [chromium({ evidence: LINUX })] },
    // two systems behind one address: whose SYN it is nobody knows
    honest: {
      claim: { ...CHROME, os: 'windows' },
      hellos: [chromium({ evidence: LINUX }), chromium({ evidence: WINDOWS }, 2)],
    },
  },
  {
    code: 'quic.session_id',
    earns: {
      claim: FIREFOX,
      hellos: [
        firefox({ transport: 'quic', extensions: [0, 34, 57], ciphers: [0x1301, 0x1303, 0x1302] }),
      ],
    },
    honest: {
      claim: FIREFOX,
      hellos: [
        firefox({
          transport: 'quic',
          extensions: [0, 34, 57],
          ciphers: [0x1301, 0x1303, 0x1302],
          evidence: foxEvidence({ session_id_len: 0 }),
        }),
      ],
    },
  },
  {
    code: 'pop.stale_version',
    weight: 'unusual',
    earns: chrome({ ...plainLists() }, { version: 105 }),
    honest: chrome({ ...plainLists() }, { version: 140 }),
  },
]

/** Lists from before hybrid key exchange and ECH. */
function plainLists(): Partial<HelloFacts> {
  const old = middle.filter((id) => id !== 17613 && id !== 65037)
  return {
    extensions: [first, ...old, last],
    groups: [base.groups[0] ?? 0, 29, 23, 24],
    evidence: { version: 1, session_id_len: 32 },
  }
}

function plain(count: number): HelloFacts[] {
  return many(count, (seed) => {
    const { extensions, ...hello } = chromium({}, seed)
    const kept = extensions.filter((id) => id !== 17613 && id !== 65037)
    return {
      ...hello,
      extensions: kept,
      extensionLengths: kept.map((_, index) => (index === kept.length - 1 ? 1 : 0)),
      groups: [hello.groups[0] ?? 0, 29, 23, 24],
      evidence: { version: 1 as const, session_id_len: 32 },
    }
  })
}

const judged = ({ claim, hellos }: Side) => judge(claim, hellos)

describe('judge', () => {
  for (const [index, { code, weight = 'inconsistent', earns, honest }] of CASES.entries())
    it(`gives ${code} to a hello that earns it, and not to an honest one (${index})`, () => {
      const verdict = judged(earns)
      const found = verdict.reasons.find((reason) => reason.code === code)
      expect(found, JSON.stringify(verdict.reasons)).to.include({ weight })
      expect(found?.evidence).to.not.equal('')
      expect(verdict.axes[found?.axis ?? 'software']).to.equal(weight)
      expect(verdict.verdict).to.equal(weight === 'unusual' ? 'consistent' : 'inconsistent')

      const other = judged(honest)
      expect(other.reasons.map((reason) => reason.code)).to.not.include(code)
      expect(other.verdict, JSON.stringify(other.reasons)).to.not.equal('inconsistent')
    })

  it('has a case for each reason but those of whole addresses and of a sensor', () => {
    const tested = new Set(CASES.map(({ code }) => code.replace(/:.*/, '')))
    const others = ['os.unusual', 'replay.same_random', 'replay.same_share', 'proxy.inspection']
    expect(Object.keys(REASONS).filter((code) => !tested.has(code))).to.deep.equal(others)
  })

  it('finds honest browsers consistent, whatever a policy takes from them', () => {
    expect(
      judge(
        CHROME,
        many(8, (seed) => chromium({}, seed)),
      ).verdict,
    ).to.equal('consistent')
    expect(judge(FIREFOX, [firefox()]).axes.software).to.equal('consistent')
    expect(
      judge(
        SAFARI,
        many(4, (seed) => safari({}, seed)),
      ).verdict,
    ).to.equal('consistent')
    for (const gone of [10, 16, 18, 27, 35, 51, 17613, 65037]) {
      const hello = chromium()
      const extensions = hello.extensions.filter((id) => id !== gone)
      const lengths = extensions.map((_, index) => (index === extensions.length - 1 ? 1 : 0))
      const verdict = judge(CHROME, [{ ...hello, extensions, extensionLengths: lengths }])
      expect(verdict.verdict, `without ${gone}`).to.equal('consistent')
    }
  })

  it('takes new things of versions from after its knowledge for unusual', () => {
    const { verdict, axes } = judge({ ...CHROME, version: 170 }, [
      chromium({ certCompression: [2, 3], schemes: [0x904, 0x403, 0x999] }),
    ])
    expect(verdict).to.equal('consistent')
    expect(axes.software).to.equal('unusual')
  })

  it('knows nothing of a claim without rules, and accuses nobody without hellos', () => {
    expect(judge({ name: '' }, [chromium()]).verdict).to.equal('unknown')
    expect(judge({ name: 'x', product: 'x' }, [chromium()]).verdict).to.equal('unknown')
    expect(judge(CHROME, []).verdict).to.equal('unknown')
  })

  it('takes the stack that fits where an address has several', () => {
    const curlHello = firefox({ extensions: [0, 10, 13, 22, 49], recordSizeLimit: undefined })
    expect(judge(CHROME, [chromium(), curlHello]).verdict).to.equal('consistent')
    expect(judge(CHROME, [curlHello]).verdict).to.equal('inconsistent')
  })

  it('prints the bound of what was measured with every verdict', () => {
    expect(judge(CHROME, [chromium()]).bound).to.match(
      /^0 of \d+ honest clients accused; < \d+\.\d % \(95 %\)$/,
    )
  })
})

describe('judgeAddress', () => {
  it('withdraws the operating system where claims name several', () => {
    const windows: Claim = { ...CHROME, os: 'windows' }
    const hellos = [chromium({ evidence: LINUX })]
    expect(judgeAddress([windows], hellos)[0]?.verdict).to.equal('inconsistent')
    expect(judgeAddress([windows, CHROME], hellos)[0]?.verdict).to.equal('consistent')
    expect(judgeAddress([windows], hellos, { isDirect: false })[0]?.axes.os).to.equal('unknown')
  })

  it('takes many clients under one foreign hello for inspected, not for liars', () => {
    const middlebox = [firefox({ extensions: [0, 10, 13, 22], recordSizeLimit: undefined })]
    const claims = [CHROME, { ...CHROME, version: 137 }, { ...CHROME, version: 136 }]
    for (const { verdict, reasons } of judgeAddress(claims, middlebox)) {
      expect(verdict).to.equal('unknown')
      expect(reasons[0]?.code).to.equal('proxy.inspection')
    }
    expect(judgeAddress(claims.slice(1), middlebox)[0]?.verdict).to.equal('inconsistent')
  })
})

describe('upperBound', () => {
  it('is Clopper and Pearson’s', () => {
    const bound = (honest: number, accused: number) =>
      upperBound({ version: '', honest, accused, browsers: 0 })
    expect(bound(34, 0)).to.be.closeTo(1 - Math.pow(0.05, 1 / 34), 1e-9)
    expect(bound(300, 0)).to.be.closeTo(0.00994, 1e-4)
    expect(bound(100, 1)).to.be.closeTo(0.0466, 1e-3)
    expect(bound(0, 0)).to.equal(1)
  })
})
