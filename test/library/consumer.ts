// A program that has hellotap installed: compiled and run against the packed package. It prints what it got as JSON.

import { createReadStream, readFileSync } from 'node:fs'
import {
  CaptureError,
  describe,
  fingerprint,
  FINGERPRINTS,
  IANA_SNAPSHOT,
  readCapture,
} from 'hellotap'
import type {
  Carriage,
  FingerprintName,
  Fingerprints,
  HelloDetail,
  ReadOptions,
  Sighting,
} from 'hellotap'
// @ts-expect-error nothing but the package itself can be imported
import type { Pipeline } from 'hellotap/dist/pipeline.js'

export type Unavailable = Pipeline

const [, , capture = ''] = process.argv

const options: ReadOptions = {
  hello: true,
  ports: [443],
  server: false,
  onWarning: (text) => console.error(text),
}
const sightings: Sighting[] = []
for await (const sighting of readCapture(capture, options)) sightings.push(sighting)

let streamed = 0
for await (const { ja4 } of readCapture(createReadStream(capture), { fingerprints: ['ja4'] }))
  if (ja4 !== undefined) streamed++

const [first] = sightings
if (first?.hello === undefined) throw new Error('the capture has hellos, and they were asked for')
const bytes = Buffer.from(first.hello, 'base64')
const carriage: Carriage = first
const made: Fingerprints | undefined = fingerprint(bytes, carriage)
const detail: HelloDetail | undefined = describe(bytes)
const none: undefined | Fingerprints = fingerprint(new Uint8Array(4))
const name: FingerprintName = 'ja3n'
const value: string | undefined = made?.[name]

// @ts-expect-error there is no such fingerprint
void readCapture(capture, { fingerprints: ['ja5'] })
// @ts-expect-error text is no bytes
const wrong: () => unknown = () => fingerprint('bytes')

let refused = ''
try {
  await readCapture(`${capture}.absent`).next()
} catch (error) {
  if (error instanceof CaptureError) refused = error.code
}
let typeError = ''
try {
  wrong()
} catch (error) {
  typeError = String(error)
}

console.log(
  JSON.stringify({
    sightings,
    streamed,
    made,
    sni: detail?.sni,
    cipher: detail?.ciphers[0]?.name,
    none: none ?? 'none',
    value,
    refused,
    typeError,
    names: FINGERPRINTS.length,
    snapshot: IANA_SNAPSHOT,
    version: (
      JSON.parse(readFileSync('../node_modules/hellotap/package.json', 'utf8')) as {
        version: string
      }
    ).version,
  }),
)
