// A capture as a busy mirror port shows it: 96 % bulk data, one ClientHello in a thousand frames.
//
//   node tools/bench/gen-span.mjs OUT [BYTES=2e9]
import {
  seed,
  ri,
  rf,
  makeHello,
  record,
  serverFlight,
  Pcap,
  newFlow,
  RND,
  rndInto,
} from './lib.mjs'
seed(2)
const out = process.argv[2],
  TOTAL = +(process.argv[3] || 2e9)
const p = new Pcap(out)
p.step = 7
const NF = 20000
let hellos = 0,
  split = 0
const mk = (sp) => {
  const f = newFlow(sp)
  f.mss = f.opt ? 1448 : 1460
  f.left = [ri(16389), ri(16389)]
  return f
}
const fl = []
for (let i = 0; i < NF; i++) fl.push(mk(443))
const qf = []
for (let i = 0; i < 500; i++) qf.push(mk(443))
const hf = []
for (let i = 0; i < 500; i++) hf.push(mk(80))
const buf = Buffer.allocUnsafe(1500)
const cnt = { bulk: 0, bulkBytes: 0, ack: 0, quic: 0, dns: 0, http: 0, hs: 0 }
const q = []
const fin = Buffer.concat([Buffer.from('1403030001011703030035', 'hex'), RND.subarray(0, 53)])
// one segment of a continuous stream of 16 KiB application_data records (5-byte header + 16384 body)
function bulk(f, dir, len) {
  rndInto(buf, 0, len)
  let pos = f.left[dir]
  while (pos < len) {
    buf[pos] = 23
    if (pos + 1 < len) buf[pos + 1] = 3
    if (pos + 2 < len) buf[pos + 2] = 3
    if (pos + 3 < len) buf[pos + 3] = 0x40
    if (pos + 4 < len) buf[pos + 4] = 0
    pos += 16389
  }
  f.left[dir] = pos - len
  p.tcp(f, dir, 0x10, buf, 0, len)
  cnt.bulk++
  cnt.bulkBytes += len + 82
}
const httpReq = Buffer.from(
  'GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n',
)
const httpRes = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12000\r\n\r\n',
)
const dnsq = Buffer.from(
  'abcd01000001000000000000037777770765786d61706c6503636f6d0000010001',
  'hex',
)
while (p.bytes < TOTAL) {
  if (p.n % 1000 === 0) {
    const f = mk(443)
    fl[ri(NF)] = f
    const pq = rf() < 0.25
    const rec = record(makeHello(pq ? 'pq' : 'tcp'))
    hellos++
    f.left = [0, 0]
    const st = [() => p.tcp(f, 0, 2), () => p.tcp(f, 1, 0x12), () => p.tcp(f, 0, 0x10)]
    if (rec.length > f.mss) {
      split++
      st.push(
        () => p.tcp(f, 0, 0x10, rec, 0, f.mss),
        () => p.tcp(f, 0, 0x18, rec, f.mss),
      )
    } else st.push(() => p.tcp(f, 0, 0x18, rec))
    st.push(
      () => p.tcp(f, 1, 0x18, serverFlight()),
      () => p.tcp(f, 0, 0x18, fin),
    )
    q.push({ st, i: 0, wait: 0 })
    f.hs = true
    const e = q[q.length - 1]
    e.f = f
  }
  // advance pending handshakes one packet about every 20 packets
  if (q.length && p.n % 20 === 7) {
    const e = q[ri(q.length)]
    e.st[e.i++]()
    cnt.hs++
    if (e.i === e.st.length) {
      e.f.hs = false
      q.splice(q.indexOf(e), 1)
    }
    continue
  }
  const x = rf()
  if (x < 0.75) {
    const f = fl[ri(NF)]
    if (f.hs) continue
    bulk(f, rf() < 0.85 ? 1 : 0, f.mss)
  } else if (x < 0.8) {
    const f = fl[ri(NF)]
    if (f.hs) continue
    bulk(f, rf() < 0.7 ? 1 : 0, 60 + ri(1300))
  } else if (x < 0.955) {
    const f = fl[ri(NF)]
    if (f.hs) continue
    p.tcp(f, rf() < 0.8 ? 0 : 1, 0x10)
    cnt.ack++
  } else if (x < 0.975) {
    const f = qf[ri(500)]
    rndInto(buf, 0, 1250)
    buf[0] = 0x40 | (buf[0] & 0x3f)
    p.udp(f, rf() < 0.85 ? 1 : 0, buf, 0, 1250)
    cnt.quic++
  } else if (x < 0.987) {
    const f = mk(53)
    p.udp(f, 0, dnsq)
    cnt.dns++
  } else {
    const f = hf[ri(500)]
    if (rf() < 0.3) p.tcp(f, 0, 0x18, httpReq)
    else {
      httpRes.copy(buf)
      buf.fill(0x61, httpRes.length, 1400)
      p.tcp(f, 1, 0x18, buf, 0, 1400)
    }
    cnt.http++
  }
  if (p.n % 1000 === 0 && 0) break
}
while (q.length) {
  const e = q.shift()
  while (e.i < e.st.length) e.st[e.i++]()
}
const r = p.close()
console.log(JSON.stringify({ ...r, hellos, split, ...cnt, bulkShare: cnt.bulkBytes / r.bytes }))
