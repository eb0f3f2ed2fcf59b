// The program of the capture child: opens one interface with npm cap and writes its frames to stdout as a pcap file.
// It is a process of its own because cap ends the process when the interface goes down, and because its dispatch loop
// keeps timers waiting while frames come in. Nothing here parses a frame.
//
// Memory is bounded by the queue: while the reader does not read, frames are dropped here, and counted.

import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { CHILD_STOP_MILLIS } from '../../base/limits.js'
import { childOptions, fail, heedParent, say } from './child-talk.js'
import { FrameQueue, pcapFileHeader } from './frame-queue.js'

/** The part of npm cap used here; it ships no types. */
interface Cap {
  open(device: string, filter: string, ringBytes: number, frame: Buffer): string
  close(): boolean
  on(event: 'packet', listener: (caplen: number) => void): void
}

const STDOUT = 1
/** Bytes that wait before a write is made inside cap's dispatch loop: one pipe read of the parent. */
const WRITE_BYTES = 65_536
/** Milliseconds until the next try when the parent does not read. */
const RETRY_MILLIS = 2

const options = childOptions()
const queue = new FrameQueue(options.queueBytes)
// cap keeps only the address of this buffer: while it captures, this constant must be reachable
const frame = Buffer.alloc(options.snaplen)
// a part of a plain array costs 43 ns, of a Buffer 246
const bytes = new Uint8Array(frame.buffer, frame.byteOffset, frame.length)
let clockOffset = performance.timeOrigin
let flushPlanned = false
let retryAt = 0
let reportAt = 0

/** LINKTYPE_ value of cap's name for it; cap gives others as "Unknown linktype N", N being the DLT_ value. */
function linkTypeOf(name: string): number {
  const known: Record<string, number> = {
    NULL: 0,
    ETHERNET: 1,
    RAW: 101,
    LINKTYPE_LINUX_SLL: 113,
    IEEE802_11_RADIO: 127,
  }
  return known[name] ?? Number(/\d+$/.exec(name)?.[0] ?? Number.NaN)
}

function sayAlive(now: number): void {
  reportAt = now + options.heartbeatMillis
  say({ kind: 'alive', losses: { child: queue.dropped } })
  // cap gives no time of capture. The monotonic clock has the resolution; the wall clock, in whole milliseconds,
  // says when it was set
  const skew = Date.now() + 0.5 - now - clockOffset
  if (Math.abs(skew) > 2) clockOffset += skew
}

/** Writes what waits. @returns whether the reader took all of it */
function flush(): boolean {
  while (queue.length > 0) {
    const { readOff, readEnd } = queue
    try {
      queue.consume(writeSync(STDOUT, queue.bytes, readOff, readEnd - readOff))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(0) // nobody reads any more
      retryAt = performance.now() + RETRY_MILLIS
      return false
    }
  }
  return true
}

function flushSoon(): void {
  flushPlanned = false
  if (!flush()) planFlush(RETRY_MILLIS)
}

function planFlush(millis: number): void {
  if (flushPlanned) return
  flushPlanned = true
  if (millis === 0) setImmediate(flushSoon)
  else setTimeout(flushSoon, millis)
}

function take(caplen: number): void {
  const now = performance.now()
  queue.put(bytes, caplen, (now + clockOffset) * 1000)
  // cap's loop runs until the ring is empty and only then lets the planned flush run
  if (queue.length >= WRITE_BYTES && now >= retryAt) flush()
  planFlush(0)
  if (now >= reportAt) sayAlive(now)
}

/** Hands over what waits, for a bounded time, and ends. */
function stop(cap: Cap | undefined): void {
  cap?.close()
  const giveUp = performance.now() + CHILD_STOP_MILLIS / 2
  const drain = () => {
    if (!flush() && performance.now() < giveUp) setTimeout(drain, RETRY_MILLIS)
    else say({ kind: 'alive', losses: { child: queue.dropped } }, () => process.exit(0))
  }
  drain()
}

function main(): void {
  let cap: Cap | undefined
  heedParent(() => stop(cap))
  // the getter makes the descriptor non-blocking, so that a slow reader costs frames we count, not our time
  process.stdout.on('error', () => process.exit(0))

  try {
    const engine = createRequire(import.meta.url)('cap') as { Cap: new () => Cap }
    cap = new engine.Cap()
  } catch (error) {
    fail(error, 'NO_ENGINE')
    return
  }
  let linkType: number
  try {
    linkType = linkTypeOf(cap.open(options.interface, options.filter, options.ringBytes, frame))
  } catch (error) {
    fail(error)
    return
  }
  if (Number.isNaN(linkType)) {
    fail(new Error('its link type has no name'))
    return
  }
  writeSync(STDOUT, pcapFileHeader(linkType, options.snaplen))
  cap.on('packet', take)
  setInterval(() => {
    const now = performance.now()
    if (now >= reportAt) sayAlive(now)
  }, options.heartbeatMillis / 2)
  say({ kind: 'open', linkType })
}

main()
