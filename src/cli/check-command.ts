import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { MAX_SIGHTING_LINE_LEN } from '../base/limits.js'
import { AddressChecks, checkCapture } from '../check-capture.js'
import type { CheckAnswer } from '../check-capture.js'
import type { Sighting } from '../model/sighting.js'
import { linesOf } from '../output/json-lines.js'
import { log } from '../telemetry/log.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'

const OPEN_BRACE = 0x7b

/**
 * `check FILE`: whether a User-Agent fits the hellos of each client address, one JSON line each. FILE is a capture, or JSON
 * lines of `read --hello`; "-" is stdin. Exit 0 whatever the verdicts, 1 where the file cannot be read.
 */
export async function check(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const word = args['file'] as string
  const userAgent = args['user-agent'] as string | undefined
  const isDirect = args['behind-proxy'] !== true
  const file = word === '-' ? undefined : createReadStream(word)
  const input = file ?? process.stdin
  const first = await firstByte(input, word)
  if (first === OPEN_BRACE) {
    const checks = await sightingsOf(input)
    for (const answer of checks.answers(userAgent, { isDirect })) printAnswer(answer)
    if (checks.dropped > 0)
      log(`hellotap: ${checks.dropped} hellos of further addresses not judged`)
    return 0
  }
  file?.destroy()
  const answers = checkCapture(file === undefined ? input : word, {
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(config.ports === undefined ? {} : { ports: config.ports }),
    ...(config['http-ports'].length === 0 ? {} : { httpPorts: config['http-ports'] }),
    isDirect,
    onWarning: (warning) => log(`hellotap: ${warning}`),
  })
  for await (const answer of answers) printAnswer(answer)
  return 0
}

function printAnswer(answer: CheckAnswer): void {
  print(`${JSON.stringify(answer)}\n`)
}

/** The first byte, which stays to be read; undefined where there is none. */
async function firstByte(input: NodeJS.ReadableStream, word: string): Promise<number | undefined> {
  try {
    for (let ended = false; !ended;) {
      const chunk = input.read() as Buffer | null
      if (chunk !== null) {
        input.unshift(chunk)
        return chunk[0]
      }
      const end = once(input, 'end').then(() => true)
      ended = await Promise.race([once(input, 'readable').then(() => false), end])
    }
    return undefined
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw Object.assign(new Error(`cannot read ${word}: ${cause}`), { name: 'CaptureError' })
  }
}

async function sightingsOf(input: AsyncIterable<Uint8Array | string>): Promise<AddressChecks> {
  const checks = new AddressChecks()
  let number = 0
  let without = 0
  for await (const line of linesOf(input as AsyncIterable<Uint8Array>, MAX_SIGHTING_LINE_LEN)) {
    number++
    if (line?.length === 0) continue
    try {
      const sighting = JSON.parse(Buffer.from(line ?? []).toString()) as Partial<Sighting>
      if (typeof sighting.hello !== 'string' || typeof sighting.src !== 'string') without++
      else checks.add(sighting as Sighting)
    } catch {
      log(`hellotap: line ${number} is no sighting and is skipped`)
    }
  }
  if (without > 0)
    log(`hellotap: ${without} lines without a hello are skipped: print them with read --hello`)
  return checks
}
