import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCapture } from '../../src/read-capture.js'

const CAPTURES = resolve(import.meta.dirname, '../../captures')

/** Hellos over TCP of the captures, each in the record it is sent in, base64. */
export async function recordedHellos(): Promise<string[]> {
  const lines: string[] = []
  for (const name of readdirSync(CAPTURES).filter((each) => /\.pcap(ng)?$/.test(each)))
    for await (const { proto, hello } of readCapture(join(CAPTURES, name), { hello: true })) {
      if (proto !== 'tcp' || hello === undefined) continue
      const message = Buffer.from(hello, 'base64')
      if (message[0] !== 1) continue
      const head = Uint8Array.of(22, 3, 1, message.length >> 8, message.length & 0xff)
      lines.push(Buffer.concat([head, message]).toString('base64'))
    }
  return lines
}
