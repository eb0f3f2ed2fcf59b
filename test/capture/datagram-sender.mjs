// Sends numbered datagrams that look like QUIC long headers, until it is stopped or has sent `count`:
// 0xc0, then the sequence number (u32), the monotonic clock in microseconds (f64), and filling.
// `flows` source ports take turns. Errors of a network that is down at the moment are what it is there for.

import { createSocket } from 'node:dgram'

const {
  host,
  port,
  count = Infinity,
  everyMillis = 10,
  burst = 1,
  size = 100,
  flows = 1,
} = JSON.parse(process.argv[2])
const sockets = Array.from({ length: flows }, () =>
  createSocket(host.includes(':') ? 'udp6' : 'udp4'),
)
const payload = Buffer.alloc(size)
payload[0] = 0xc0
let sequence = 0
let sent = 0
let pending = 0

const timer = setInterval(() => {
  for (let i = 0; i < burst && sequence < count; i++) {
    payload.writeUInt32BE(sequence++, 1)
    payload.writeDoubleBE(Number(process.hrtime.bigint()) / 1e3, 5)
    pending++
    // a copy: the socket sends after this loop has gone on
    sockets[sequence % flows].send(Buffer.from(payload), port, host, (error) => {
      pending--
      if (!error) sent++
      if (sequence >= count && pending === 0) {
        clearInterval(timer)
        for (const socket of sockets) socket.close()
        process.stdout.write(`${sent}\n`)
      }
    })
  }
}, everyMillis)
