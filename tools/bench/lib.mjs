// What the workload generators share: deterministic pseudo-random numbers, ClientHellos varied from the templates, and a
// writer of classic pcap files.

import crypto from 'node:crypto'
import fs from 'node:fs'
import { templates } from './templates.mjs'
// deterministic PRNG (xorshift128 / 32-bit)
let s0 = 0x12345678,
  s1 = 0x9abcdef0 | 0,
  s2 = 0x0fedcba9,
  s3 = 0x87654321 | 0
export function seed(n) {
  s0 = (n * 2654435761) | 0 || 1
  s1 = 0x9abcdef0 | 0
  s2 = 0x0fedcba9
  s3 = 0x87654321 | 0
  for (let i = 0; i < 20; i++) r32()
}
export function r32() {
  let t = s3
  const s = s0
  s3 = s2
  s2 = s1
  s1 = s
  t ^= t << 11
  t ^= t >>> 8
  s0 = t ^ s ^ (s >>> 19)
  return s0 >>> 0
}
export const ri = (n) => r32() % n
export const rf = () => r32() / 4294967296
// 16 MiB block of pseudo-random bytes (AES-CTR keystream, fixed key) as payload source
export const RND = crypto
  .createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16, 9))
  .update(Buffer.alloc(16 << 20))
export function rndInto(b, o, n) {
  const p = ri(RND.length - n)
  RND.copy(b, o, p, p + n)
}
const isG = (v) => (v & 0x0f0f) === 0x0a0a && v >> 8 === (v & 255)
const G = () => {
  const x = (ri(16) << 4) | 0xa
  return (x << 8) | x
}
function parse(b) {
  let o = 38
  const sl = b[o]
  o += 1 + sl
  const cl = b.readUInt16BE(o)
  const ci = []
  for (let i = 0; i < cl; i += 2) ci.push(b.readUInt16BE(o + 2 + i))
  o += 2 + cl
  const cm = b.subarray(o, o + 1 + b[o])
  o += 1 + b[o]
  const ex = []
  if (o < b.length) {
    o += 2
    while (o < b.length) {
      const t = b.readUInt16BE(o),
        l = b.readUInt16BE(o + 2)
      ex.push({ t, d: Buffer.from(b.subarray(o + 4, o + 4 + l)) })
      o += 4 + l
    }
  }
  return { ver: b.readUInt16BE(4), sl, ci, cm: Buffer.from(cm), ex }
}
const raw = templates()
export const base = [],
  pqbase = [],
  quicbase = []
for (const { hello: b } of raw) {
  if (b.length < 100 || b.length > 1455) continue
  const h = parse(b)
  base.push(h)
  const ks = h.ex.find((e) => e.t === 51),
    sg = h.ex.find((e) => e.t === 10),
    sv = h.ex.find((e) => e.t === 43)
  if (ks && sg && sv && !h.ex.some((e) => e.t === 41)) {
    quicbase.push(h)
    if (h.ci.some(isG)) pqbase.push(h)
  }
}
// vary a template: kind 'tcp' | 'pq' | 'quic' | 'quicpq'. Returns a ClientHello handshake message.
export function makeHello(kind) {
  const pq = kind === 'pq' || kind === 'quicpq',
    q = kind.startsWith('quic')
  const arr = q ? quicbase : pq ? pqbase : base
  const h = arr[ri(arr.length)]
  const grease = h.ci.some(isG)
  const g1 = G(),
    g2 = G()
  let ge = [G(), G()]
  while (ge[1] === ge[0]) ge[1] = G()
  let gi = 0
  let gg = G()
  let ex = h.ex.map((e) => ({ t: e.t, d: Buffer.from(e.d), g: isG(e.t) }))
  for (const e of ex) {
    if (e.g) e.t = ge[gi++ & 1]
    else if (e.t === 0 && e.d.length > 8 && rf() < 0.5) {
      for (let i = 5; i < e.d.length - 4; i++)
        if (e.d[i] >= 97 && e.d[i] <= 122) e.d[i] = 97 + ri(26)
    } else if (e.t === 10) {
      for (let i = 2; i + 1 < e.d.length; i += 2)
        if (isG(e.d.readUInt16BE(i))) e.d.writeUInt16BE(gg, i)
      if (pq && !e.d.includes(Buffer.from('11ec', 'hex'))) {
        const old = e.d.subarray(2)
        const at = old.length >= 2 && isG(old.readUInt16BE(0)) ? 2 : 0
        const n = Buffer.concat([old.subarray(0, at), Buffer.from('11ec', 'hex'), old.subarray(at)])
        const d = Buffer.alloc(2 + n.length)
        d.writeUInt16BE(n.length, 0)
        n.copy(d, 2)
        e.d = d
      }
    } else if (e.t === 43) {
      for (let i = 1; i + 1 < e.d.length; i += 2)
        if (isG(e.d.readUInt16BE(i))) e.d.writeUInt16BE(g2, i)
    } else if (e.t === 51 && e.d.length > 2) {
      let o = 2
      const parts = []
      while (o + 4 <= e.d.length) {
        let g = e.d.readUInt16BE(o),
          l = e.d.readUInt16BE(o + 2)
        let k = Buffer.alloc(4 + l)
        if (isG(g)) g = gg
        k.writeUInt16BE(g, 0)
        k.writeUInt16BE(l, 2)
        if (l > 1) rndInto(k, 4, l)
        if (!(pq && g === 0x11ec)) parts.push(k)
        o += 4 + l
      }
      if (pq) {
        const k = Buffer.alloc(4 + 1216)
        k.writeUInt16BE(0x11ec, 0)
        k.writeUInt16BE(1216, 2)
        rndInto(k, 4, 1216)
        parts.splice(parts.length && isG(parts[0].readUInt16BE(0)) ? 1 : 0, 0, k)
      }
      const n = Buffer.concat(parts)
      e.d = Buffer.alloc(2 + n.length)
      e.d.writeUInt16BE(n.length, 0)
      n.copy(e.d, 2)
    }
  }
  if (pq || q) ex = ex.filter((e) => e.t !== 21) // PQ-size and QUIC hellos carry no padding extension
  if (q) {
    ex = ex.filter(
      (e) =>
        e.t !== 35 &&
        e.t !== 23 &&
        e.t !== 0xff01 &&
        e.t !== 11 &&
        e.t !== 57 &&
        e.t !== 0x4469 &&
        e.t !== 16,
    )
    ex.push({ t: 16, d: Buffer.from('0003026833', 'hex') })
    const tp = Buffer.from(
      '010480007530030245c0040480f00000050480600000060480600000070480600000080240640902406420048000ffff0f08',
      'hex',
    )
    const scid = Buffer.alloc(8)
    rndInto(scid, 0, 8)
    ex.push({ t: 57, d: Buffer.concat([tp, scid]) })
  }
  if (grease) {
    // Chrome-style permutation of everything but GREASE, padding and pre_shared_key
    const idx = []
    ex.forEach((e, i) => {
      if (!e.g && e.t !== 21 && e.t !== 41) idx.push(i)
    })
    for (let i = idx.length - 1; i > 0; i--) {
      const j = ri(i + 1)
      const a = idx[i],
        b = idx[j]
      const t = ex[a]
      ex[a] = ex[b]
      ex[b] = t
    }
  }
  const sl = q ? 0 : h.sl
  let el = 0
  for (const e of ex) el += 4 + e.d.length
  const len = 4 + 2 + 32 + 1 + sl + 2 + h.ci.length * 2 + h.cm.length + (ex.length ? 2 + el : 0)
  const b = Buffer.alloc(len)
  b[0] = 1
  b.writeUIntBE(len - 4, 1, 3)
  b.writeUInt16BE(h.ver, 4)
  rndInto(b, 6, 32)
  let o = 38
  b[o++] = sl
  if (sl) rndInto(b, o, sl)
  o += sl
  b.writeUInt16BE(h.ci.length * 2, o)
  o += 2
  for (const c of h.ci) {
    b.writeUInt16BE(isG(c) ? g1 : c, o)
    o += 2
  }
  h.cm.copy(b, o)
  o += h.cm.length
  if (ex.length) {
    b.writeUInt16BE(el, o)
    o += 2
    for (const e of ex) {
      b.writeUInt16BE(e.t, o)
      b.writeUInt16BE(e.d.length, o + 2)
      e.d.copy(b, o + 4)
      o += 4 + e.d.length
    }
  }
  return b
}
export function record(h, ver = 0x0301) {
  const r = Buffer.allocUnsafe(5 + h.length)
  r[0] = 22
  r.writeUInt16BE(ver, 1)
  r.writeUInt16BE(h.length, 3)
  h.copy(r, 5)
  return r
}
const SH = Buffer.from(
  '160303007a02000076030300000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000001301' +
    '00002e00330024001d0020' +
    '00'.repeat(32) +
    '002b00020304' +
    '140303000101' +
    '17030304b0',
  'hex',
)
export function serverFlight() {
  const b = Buffer.allocUnsafe(1400)
  SH.copy(b, 0)
  rndInto(b, SH.length, 1400 - SH.length)
  rndInto(b, 11, 32)
  rndInto(b, 44, 32)
  return b
}
// pcap writer: little-endian microsecond classic pcap, linktype 1
export class Pcap {
  constructor(path) {
    this.fd = fs.openSync(path, 'w')
    this.b = Buffer.allocUnsafe(8 << 20)
    this.o = 0
    this.n = 0
    this.bytes = 24
    this.t = 1.7e9 * 1e6
    const h = Buffer.alloc(24)
    h.writeUInt32LE(0xa1b2c3d4, 0)
    h.writeUInt16LE(2, 4)
    h.writeUInt16LE(4, 6)
    h.writeUInt32LE(262144, 16)
    h.writeUInt32LE(1, 20)
    fs.writeSync(this.fd, h)
    this.step = 1
  }
  flush() {
    fs.writeSync(this.fd, this.b, 0, this.o)
    this.o = 0
  }
  // f: {c,s (u32 addresses), cp, sp}; dir 0 = client->server
  hdr(len, f, dir, proto) {
    if (this.o + len + 32 > this.b.length) this.flush()
    const b = this.b
    let o = this.o
    this.t += this.step
    b.writeUInt32LE(Math.floor(this.t / 1e6), o)
    b.writeUInt32LE(this.t % 1e6, o + 4)
    b.writeUInt32LE(len, o + 8)
    b.writeUInt32LE(len, o + 12)
    o += 16
    b.writeUInt32BE(0x02000000, o)
    b.writeUInt16BE(0x0001 + dir, o + 4)
    b.writeUInt32BE(0x02000000, o + 6)
    b.writeUInt16BE(0x0002 - dir, o + 10)
    b.writeUInt16BE(0x0800, o + 12)
    o += 14
    b[o] = 0x45
    b[o + 1] = 0
    b.writeUInt16BE(len - 14, o + 2)
    b.writeUInt16BE(r32() & 0xffff, o + 4)
    b.writeUInt16BE(0x4000, o + 6)
    b[o + 8] = 64
    b[o + 9] = proto
    b[o + 10] = 0
    b[o + 11] = 0
    b.writeUInt32BE(dir ? f.s : f.c, o + 12)
    b.writeUInt32BE(dir ? f.c : f.s, o + 16)
    let c = 0
    for (let i = 0; i < 20; i += 2) c += (b[o + i] << 8) | b[o + i + 1]
    c = (c >>> 16) + (c & 0xffff)
    c += c >>> 16
    b.writeUInt16BE(~c & 0xffff, o + 10)
    this.n++
    this.bytes += len + 16
    this.o += 16 + len
    return o + 20
  }
  tcp(f, dir, flags, pay, po = 0, pl = pay ? pay.length - po : 0) {
    const o = this.hdr(54 + (f.opt ? 12 : 0) + pl, f, dir, 6),
      b = this.b
    const hl = f.opt ? 32 : 20
    b.writeUInt16BE(dir ? f.sp : f.cp, o)
    b.writeUInt16BE(dir ? f.cp : f.sp, o + 2)
    b.writeUInt32BE((dir ? f.sseq : f.cseq) >>> 0, o + 4)
    b.writeUInt32BE(flags & 0x10 ? (dir ? f.cseq : f.sseq) >>> 0 : 0, o + 8)
    b[o + 12] = hl << 2
    b[o + 13] = flags
    b.writeUInt16BE(64240, o + 14)
    b.writeUInt32BE(0, o + 16)
    if (f.opt) {
      b.writeUInt32BE(0x0101080a, o + 20)
      const t = (f.ts = (f.ts ?? r32() & 0x3fffffff) + 1)
      b.writeUInt32BE(t + (dir ? 0x20000000 : 0), o + 24)
      b.writeUInt32BE(t - 1 + (dir ? 0 : 0x20000000), o + 28)
    }
    if (pl) pay.copy(b, o + hl, po, po + pl)
    const adv = pl + (flags & 3 ? 1 : 0)
    if (dir) f.sseq = (f.sseq + adv) >>> 0
    else f.cseq = (f.cseq + adv) >>> 0
  }
  udp(f, dir, pay, po = 0, pl = pay.length - po) {
    const o = this.hdr(42 + pl, f, dir, 17),
      b = this.b
    b.writeUInt16BE(dir ? f.sp : f.cp, o)
    b.writeUInt16BE(dir ? f.cp : f.sp, o + 2)
    b.writeUInt16BE(8 + pl, o + 4)
    b.writeUInt16BE(0, o + 6)
    pay.copy(b, o + 8, po, po + pl)
  }
  close() {
    this.flush()
    fs.closeSync(this.fd)
    return { packets: this.n, bytes: this.bytes }
  }
}
export function newFlow(sp) {
  return {
    c: (0x0a000000 | (r32() & 0xffffff)) >>> 0,
    s: (0xc6120000 | (r32() & 0x1ffff)) >>> 0,
    cp: 1024 + ri(64000),
    sp,
    cseq: r32(),
    sseq: r32(),
    opt: rf() < 0.5,
  }
}
