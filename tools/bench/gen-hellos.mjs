// A capture with nothing but TLS handshakes: N ClientHellos, a quarter of them over two segments.
//
//   node tools/bench/gen-hellos.mjs OUT [N=300000] [CLIENTS] [FINGERPRINTS] ; 25% PQ-size hellos over two segments
//
// With CLIENTS the hellos come from so many addresses in turn, else from nearly as many as there are hellos. With
// FINGERPRINTS so many times as many client programs send them: two ciphers of each hello are replaced.
import { seed, rf, makeHello, record, serverFlight, Pcap, newFlow, RND } from './lib.mjs'
seed(1)
const out = process.argv[2],
  N = +(process.argv[3] || 300000),
  clients = +(process.argv[4] || 0),
  fingerprints = +(process.argv[5] || 0)
const p = new Pcap(out)
p.step = 3
let split = 0,
  hb = 0
const fin = Buffer.concat([Buffer.from('1403030001011703030035', 'hex'), RND.subarray(0, 53)])
const B = 256
const keys = new Set()
/** Replaces the first two cipher suites by those of client program `i`: unassigned ones from 0x6000 on. */
function vary(hello, i) {
  const at = 39 + hello[38]
  if (hello.readUInt16BE(at) < 4) return
  hello.writeUInt16BE(0x6000 + (i % 3000), at + 2)
  hello.writeUInt16BE(0x7000 + Math.floor(i / 3000), at + 4)
}
for (let i = 0; i < N; i += B) {
  const n = Math.min(B, N - i)
  const fl = []
  for (let k = 0; k < n; k++) {
    let f
    do {
      f = newFlow(443)
      if (clients > 0) f.c = 0x0a000000 + ((i + k) % clients)
    } while (keys.has(f.c + ':' + f.cp))
    keys.add(f.c + ':' + f.cp)
    const pq = rf() < 0.25
    const hello = makeHello(pq ? 'pq' : 'tcp')
    if (fingerprints > 0) vary(hello, (i + k) % fingerprints)
    f.rec = record(hello)
    f.mss = f.opt ? 1448 : 1460
    hb += f.rec.length
    fl.push(f)
    if (f.rec.length > f.mss) split++
  }
  for (let step = 0; step < 9; step++)
    for (const f of fl)
      switch (step) {
        case 0:
          p.tcp(f, 0, 2)
          break
        case 1:
          p.tcp(f, 1, 0x12)
          break
        case 2:
          p.tcp(f, 0, 0x10)
          break
        case 3:
          p.tcp(f, 0, f.rec.length > f.mss ? 0x10 : 0x18, f.rec, 0, Math.min(f.rec.length, f.mss))
          break
        case 4:
          if (f.rec.length > f.mss) p.tcp(f, 0, 0x18, f.rec, f.mss)
          break
        case 5:
          p.tcp(f, 1, 0x18, serverFlight())
          break
        case 6:
          p.tcp(f, 0, 0x18, fin)
          break
        case 7:
          p.tcp(f, 0, 0x11)
          break
        case 8:
          p.tcp(f, 1, 0x11)
          break
      }
}
const r = p.close()
console.log(JSON.stringify({ ...r, hellos: N, split, meanHello: hb / N }))
