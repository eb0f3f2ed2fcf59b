import { readFileSync } from 'node:fs'

/** One frame of a capture file, as a test hands it to the decoder. */
export interface Frame {
  readonly linkType: number
  readonly timeMicros: number
  readonly wirelen: number
  readonly bytes: Uint8Array
}

/** Frames of a sound pcap or pcapng file, whole in memory: the least a test of wire/ needs, no reader to rely on. */
export function framesOf(path: string): Frame[] {
  const bytes = new Uint8Array(readFileSync(path))
  const view = new DataView(bytes.buffer)
  if (bytes.length < 24) return []
  return view.getUint32(0) === 0x0a0d0d0a ? pcapngFrames(bytes, view) : pcapFrames(bytes, view)
}

function pcapFrames(bytes: Uint8Array, view: DataView): Frame[] {
  const little = [0xd4c3b2a1, 0x4d3cb2a1].includes(view.getUint32(0))
  const perMicro = [0x4d3cb2a1, 0xa1b23c4d].includes(view.getUint32(0)) ? 1000 : 1
  const network = view.getUint32(20, little)
  const linkType = network & 0xffff
  const fcs = (network & 0x0400_0000) !== 0 ? (network >>> 28) * 2 : 0
  const frames: Frame[] = []
  for (let at = 24; at + 16 <= bytes.length;) {
    const caplen = view.getUint32(at + 8, little)
    if (at + 16 + caplen > bytes.length) break
    frames.push({
      linkType,
      timeMicros: view.getUint32(at, little) * 1e6 + view.getUint32(at + 4, little) / perMicro,
      wirelen: view.getUint32(at + 12, little) - fcs,
      bytes: bytes.slice(at + 16, at + 16 + caplen - fcs),
    })
    at += 16 + caplen
  }
  return frames
}

function pcapngFrames(bytes: Uint8Array, view: DataView): Frame[] {
  const frames: Frame[] = []
  let little = true
  let linkTypes: number[] = []
  for (let at = 0; at + 12 <= bytes.length;) {
    const isSection = view.getUint32(at) === 0x0a0d0d0a
    if (isSection) {
      little = view.getUint32(at + 8) === 0x4d3c2b1a
      linkTypes = []
    }
    const type = view.getUint32(at, little)
    const length = view.getUint32(at + 4, little)
    if (length < 12 || at + length > bytes.length) break
    if (type === 1) linkTypes.push(view.getUint16(at + 8, little))
    const linkType = linkTypes[type === 6 ? view.getUint32(at + 8, little) : 0]
    if (type === 6 && linkType !== undefined) {
      const caplen = view.getUint32(at + 20, little)
      const time = view.getUint32(at + 12, little) * 2 ** 32 + view.getUint32(at + 16, little)
      const wirelen = view.getUint32(at + 24, little)
      frames.push({
        linkType,
        timeMicros: time,
        wirelen,
        bytes: bytes.slice(at + 28, at + 28 + caplen),
      })
    }
    if (type === 3 && linkType !== undefined) {
      const wirelen = view.getUint32(at + 8, little)
      const caplen = Math.min(wirelen, length - 16)
      frames.push({
        linkType,
        timeMicros: 0,
        wirelen,
        bytes: bytes.slice(at + 12, at + 12 + caplen),
      })
    }
    at += length
  }
  return frames
}
