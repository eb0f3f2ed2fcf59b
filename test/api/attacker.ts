// One address that attacks the API in one way until it is ended, and at most for MOST_MILLIS: a test that is itself
// killed leaves no attacker behind. Its arguments: attack, port, local address.

import { Agent, get } from 'node:http'
import type { Socket } from 'node:net'
import { connect } from 'node:net'

const [, , attack = '', port = '0', localAddress = '127.0.0.2'] = process.argv
const HOST = '127.0.0.1'
const AGAIN_MILLIS = 1000
/** Longer than a test attacks. */
const MOST_MILLIS = 100_000
/** Requests and batches of them in all. */
const MOST_SENT = 1_000_000
let sent = 0

setTimeout(() => process.exit(0), MOST_MILLIS)

/** Keeps `count` connections, each given to `begin`; one that ends is opened again a second later. */
function keep(count: number, begin: (socket: Socket) => void): void {
  const open = () => {
    const socket = connect({ host: HOST, port: Number(port), localAddress })
    socket.once('connect', () => begin(socket))
    socket.on('error', () => undefined)
    socket.once('close', () => setTimeout(open, AGAIN_MILLIS))
  }
  for (let i = 0; i < count; i++) open()
}

/** `count` readers, each of which asks again as soon as it has its answer. */
function readers(count: number, path: string): void {
  const agent = new Agent({ keepAlive: true, maxSockets: count })
  const ask = () => {
    if (++sent > MOST_SENT) return
    get({ host: HOST, port, localAddress, path, agent }, (res) => {
      res.resume().once('close', ask)
    }).on('error', () => setTimeout(ask, AGAIN_MILLIS))
  }
  for (let i = 0; i < count; i++) ask()
}

const pipelined = (path: string, count: number) =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(count)

const ATTACKS: Readonly<Record<string, () => void>> = {
  'lists that nobody reads, pipelined': () =>
    keep(100, (socket) => {
      socket.pause()
      socket.write(pipelined('/fps?all=1&detail=1&limit=200', 60))
    }),
  'lists that nobody reads, one a connection': () =>
    keep(250, (socket) => {
      socket.pause()
      socket.write(pipelined('/fps?all=1&detail=1&limit=200', 1))
    }),
  'lists, read as fast as they come': () => readers(60, '/fps?all=1&detail=1&limit=200'),
  'details of a large hello': () => readers(60, '/fps?detail=1'),
  'statistics that nobody reads, pipelined': () =>
    keep(200, (socket) => {
      socket.pause()
      socket.write(pipelined('/stats?limit=1000', 200))
    }),
  'readers of statistics of every length': () => {
    for (let limit = 1; limit <= 60; limit++) readers(1, `/stats?limit=${limit}`)
  },
  'readers of /fps': () => readers(200, '/fps'),
  'connections that send nothing': () => keep(4200, () => undefined),
  'requests that never end': () =>
    keep(400, (socket) => {
      socket.write('GET /fps HTTP/1.1\r\n')
      const timer = setInterval(() => socket.write('X-A: b\r\n'), 500)
      socket.once('close', () => clearInterval(timer))
    }),
  'pipelined requests without a pause': () =>
    keep(100, (socket) => {
      const send = () => {
        // one batch a turn: a loop until the buffer is full never yields where the kernel takes all
        if (socket.destroyed || ++sent > MOST_SENT) return
        if (socket.write(pipelined('/fps', 50))) setImmediate(send)
      }
      socket.on('drain', send).resume()
      send()
    }),
}

ATTACKS[attack]?.()
process.stdout.write('attacking\n')
