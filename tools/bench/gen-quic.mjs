//   node tools/bench/gen-quic.mjs OUT [N=50000]; RFC 9001 QUIC v1 Initials, ~50% PQ-size over two datagrams, ~50% chaos-protected
import { seed, ri, rf, makeHello, serverFlight, Pcap, newFlow, rndInto } from './lib.mjs'
import crypto from 'node:crypto'
seed(3)
const out = process.argv[2],
  N = +(process.argv[3] || 50000)
const p = new Pcap(out)
p.step = 11
const salt = Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex')
const hm = (k, d) => crypto.createHmac('sha256', k).update(d).digest()
const xl = (k, label, len) => {
  const l = Buffer.from('tls13 ' + label)
  return hm(
    k,
    Buffer.concat([Buffer.from([len >> 8, len & 255, l.length]), l, Buffer.from([0, 1])]),
  ).subarray(0, len)
}
function keys(dcid) {
  const is = hm(salt, dcid)
  return ['client in', 'server in'].map((n) => {
    const s = xl(is, n, 32)
    return { key: xl(s, 'quic key', 16), iv: xl(s, 'quic iv', 12), hp: xl(s, 'quic hp', 16) }
  })
}
const vi = (n) =>
  n < 64
    ? Buffer.from([n])
    : n < 16384
      ? Buffer.from([0x40 | (n >> 8), n & 255])
      : Buffer.from([0x80 | (n >> 24), (n >> 16) & 255, (n >> 8) & 255, n & 255])
const crypt = (off, d) => Buffer.concat([Buffer.from([6]), vi(off), vi(d.length), d])
function initial(k, dcid, scid, pn, frames, size) {
  let pl = frames
  const hl = 1 + 4 + 1 + dcid.length + 1 + scid.length + 1 + 2 + 2
  const target = size - hl - 16
  if (pl.length < target) pl = Buffer.concat([pl, Buffer.alloc(target - pl.length)])
  const len = 2 + pl.length + 16
  const h = Buffer.concat([
    Buffer.from([0xc1, 0, 0, 0, 1, dcid.length]),
    dcid,
    Buffer.from([scid.length]),
    scid,
    Buffer.from([0]),
    Buffer.from([0x40 | (len >> 8), len & 255]),
    Buffer.from([pn >> 8, pn & 255]),
  ])
  const nonce = Buffer.from(k.iv)
  nonce[10] ^= pn >> 8
  nonce[11] ^= pn & 255
  const c = crypto.createCipheriv('aes-128-gcm', k.key, nonce)
  c.setAAD(h)
  const ct = Buffer.concat([c.update(pl), c.final(), c.getAuthTag()])
  const pk = Buffer.concat([h, ct])
  const e = crypto.createCipheriv('aes-128-ecb', k.hp, null)
  e.setAutoPadding(false)
  const po = h.length - 2
  const m = e.update(pk.subarray(po + 4, po + 20))
  pk[0] ^= m[0] & 0x0f
  pk[po] ^= m[1]
  pk[po + 1] ^= m[2]
  return pk
}
function chaos(off, d) {
  const n = 3 + ri(4)
  const cuts = new Set([0])
  while (cuts.size < n) cuts.add(ri(d.length))
  const c = [...cuts].sort((a, b) => a - b)
  c.push(d.length)
  const fr = []
  for (let i = 0; i + 1 < c.length; i++) fr.push(crypt(off + c[i], d.subarray(c[i], c[i + 1])))
  for (let i = fr.length - 1; i > 0; i--) {
    const j = ri(i + 1)
    ;[fr[i], fr[j]] = [fr[j], fr[i]]
  }
  const o = []
  for (const f of fr) {
    o.push(f)
    if (rf() < 0.4) o.push(Buffer.from([1]))
    if (rf() < 0.3) o.push(Buffer.alloc(1 + ri(8)))
  }
  return Buffer.concat(o)
}
let two = 0,
  ch = 0
const B = 64
for (let i = 0; i < N; i += B) {
  const n = Math.min(B, N - i)
  const fl = []
  for (let k = 0; k < n; k++) {
    const f = newFlow(443)
    f.opt = false
    const dcid = Buffer.alloc(8),
      scid = Buffer.alloc(rf() < 0.5 ? 0 : 8),
      sc2 = Buffer.alloc(8)
    rndInto(dcid, 0, 8)
    if (scid.length) rndInto(scid, 0, 8)
    rndInto(sc2, 0, 8)
    const ks = keys(dcid)
    const big = rf() < 0.5
    const h = makeHello(big ? 'quicpq' : 'quic')
    const cz = rf() < 0.5
    if (cz) ch++
    f.pk = []
    if (h.length > 1100) {
      two++
      const cut = 1050
      f.pk.push([
        0,
        initial(
          ks[0],
          dcid,
          scid,
          1,
          cz ? chaos(0, h.subarray(0, cut)) : crypt(0, h.subarray(0, cut)),
          1250,
        ),
      ])
      f.pk.push([
        0,
        initial(
          ks[0],
          dcid,
          scid,
          2,
          cz ? chaos(cut, h.subarray(cut)) : crypt(cut, h.subarray(cut)),
          1250,
        ),
      ])
    } else f.pk.push([0, initial(ks[0], dcid, scid, 1, cz ? chaos(0, h) : crypt(0, h), 1250)])
    const sh = serverFlight().subarray(5, 5 + 0x7a)
    f.pk.push([
      1,
      initial(
        ks[1],
        scid,
        sc2,
        0,
        Buffer.concat([Buffer.from([2, 1, 0, 0, 1]), crypt(0, sh)]),
        1250,
      ),
    ])
    for (let z = 0; z < 3; z++) {
      const b = Buffer.alloc(z === 0 ? 90 : 1200)
      rndInto(b, 0, b.length)
      b[0] = 0x40 | (b[0] & 0x3f)
      f.pk.push([z === 0 ? 0 : 1, b])
    }
    fl.push(f)
  }
  for (let st = 0; st < 6; st++)
    for (const f of fl) if (st < f.pk.length) p.udp(f, f.pk[st][0], f.pk[st][1])
}
const r = p.close()
console.log(JSON.stringify({ ...r, hellos: N, twoDatagrams: two, chaos: ch }))
