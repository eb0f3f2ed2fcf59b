// The ClientHellos that the generated workloads are varied from: one for each distinct hello of the repository's own
// captures (the workload changes when captures are added), found by a scan for records that hold a whole hello, without any of the program's decoders.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const captures = fileURLToPath(new URL('../../captures/', import.meta.url))

/** Whether `value` is a GREASE value (RFC 8701 §2). */
const isGrease = (value) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)

/**
 * The distinct ClientHello messages of captures/ and captures/clients/, in the order of the files.
 * @returns {{ file: string, hello: Buffer }[]}
 */
export function templates() {
  const found = new Map()
  for (const folder of ['', 'clients'])
    for (const name of readdirSync(join(captures, folder)).sort()) {
      if (!name.endsWith('.pcap')) continue
      const file = join(folder, name)
      for (const hello of hellosIn(readFileSync(join(captures, file)))) {
        const shape = shapeOf(hello)
        if (shape !== undefined && !found.has(shape)) found.set(shape, { file, hello })
      }
    }
  return [...found.values()]
}

/** Whole ClientHellos in records of their own (RFC 8446 §5.1, §4), wherever they begin. */
function* hellosIn(bytes) {
  for (
    let at = bytes.indexOf(0x16);
    at >= 0 && at + 60 < bytes.length;
    at = bytes.indexOf(0x16, at + 1)
  ) {
    const isHello =
      bytes[at + 1] === 3 && bytes[at + 2] <= 4 && bytes[at + 5] === 1 && bytes[at + 9] === 3
    if (!isHello) continue
    const recordLen = bytes.readUInt16BE(at + 3)
    if (bytes.readUIntBE(at + 6, 3) + 4 !== recordLen || at + 5 + recordLen > bytes.length) continue
    yield Buffer.from(bytes.subarray(at + 5, at + 5 + recordLen))
  }
}

/** What two hellos have in common that differ in random values alone; undefined where the lengths do not fit. */
function shapeOf(hello) {
  try {
    let off = 38
    if (hello[off] > 32) return undefined
    off += 1 + hello[off]
    const ciphersLen = hello.readUInt16BE(off)
    if (ciphersLen < 2 || ciphersLen % 2 === 1) return undefined
    const shape = []
    for (let i = 0; i < ciphersLen; i += 2) {
      const cipher = hello.readUInt16BE(off + 2 + i)
      shape.push(isGrease(cipher) ? 'G' : cipher)
    }
    off += 2 + ciphersLen
    off += 1 + hello[off]
    if (off === hello.length) return shape.join()
    if (off + 2 + hello.readUInt16BE(off) !== hello.length) return undefined
    off += 2
    while (off < hello.length) {
      const type = hello.readUInt16BE(off)
      const length = hello.readUInt16BE(off + 2)
      if (off + 4 + length > hello.length) return undefined
      shape.push(isGrease(type) ? 'G' : type)
      if ([10, 13, 16, 43].includes(type))
        shape.push(hello.toString('hex', off + 4, off + 4 + length))
      off += 4 + length
    }
    return shape.join()
  } catch {
    return undefined
  }
}
