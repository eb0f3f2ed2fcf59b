import { createReadStream } from 'node:fs'
import { MAX_SIGHTING_LINE_LEN } from '../base/limits.js'
import { AddressChecks, checkCapture } from '../check-capture.js'
import type { CheckAnswer } from '../check-capture.js'
import type { Sighting } from '../model/sighting.js'
import { linesOf } from '../output/json-lines.js'
import { count, log } from '../telemetry/log.js'
import { OPEN_BRACE, firstChunk } from './first-chunk.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'

/**
 * `check FILE`: whether a User-Agent fits the hellos of each client address, one JSON line each. FILE is a capture, or JSON
 * lines of `read --hello`; "-" is stdin. Exit 0 with any verdict, 1 if the file cannot be read.
 */
export async function check(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const word = args['file'] as string
  const userAgent = args['user-agent'] as string | undefined
  const isDirect = args['behind-proxy'] !== true
  const file = word === '-' ? undefined : createReadStream(word)
  const input = file ?? process.stdin
  const first = await firstChunk(input, word === '-' ? 'stdin' : word)
  if (first?.[0] === OPEN_BRACE) {
    const checks = await sightingsOf(input)
    for (const answer of checks.answers(userAgent, { isDirect })) printAnswer(answer)
    if (checks.dropped > 0)
      log(`hellotap: ${count(checks.dropped, 'hello')} not judged: too many client addresses`)
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
      log(`hellotap: line ${number} skipped: it is no sighting`)
    }
  }
  if (without > 0)
    log(
      `hellotap: ${count(without, 'line')} skipped that lack the hello: print it with \`read --hello\``,
    )
  return checks
}
