// Sightings kept with their hello, as the rules of knowledge/check read them.

import { randomInt } from 'node:crypto'
import type { Implementation } from './model/implementation.js'
import type { Sighting } from './model/sighting.js'
import { Hello } from './model/hello.js'
import { Identifier } from './knowledge/identify/identifier.js'
import { identifyStored } from './knowledge/identify/identify-stored.js'
import { loadBase } from './knowledge/identify/load-base.js'
import { factsOf } from './knowledge/check/hello-facts.js'
import type { HelloFacts } from './knowledge/check/hello-facts.js'
import { describeHello } from './tls/describe-hello.js'
import { parseClientHello } from './tls/hello-parser.js'
import { readEvidence } from './tls/read-evidence.js'

let shared: Hello | undefined
let identifier: Identifier | undefined

/** Made when it is first asked for: most programs never judge a claim. */
function sharedIdentifier(): Identifier {
  return (identifier ??= new Identifier(loadBase(), randomInt(2 ** 47)))
}

/** The hello of a sighting, parsed into one that the next call uses again; undefined where it has none, or a broken one. */
function parsedOf(sighting: Sighting): Hello | undefined {
  if (sighting.hello === undefined) return undefined
  const hello = (shared ??= new Hello())
  const bytes = Buffer.from(sighting.hello, 'base64')
  return parseClientHello(bytes, 0, bytes.length, sighting.proto === 'dtls', hello) < 0
    ? undefined
    : hello
}

/** A sighting's hello in detail, for `detail=1`; undefined without a valid hello. */
export function describeSighting(sighting: Sighting): object | undefined {
  const hello = parsedOf(sighting)
  return hello === undefined ? undefined : describeHello(hello)
}

/** The TLS implementation of a sighting's hello; undefined where it has none, or a broken one. */
export function implementationOf(sighting: Sighting): Implementation | undefined {
  const hello = parsedOf(sighting)
  return hello === undefined ? undefined : identifyStored(sharedIdentifier(), hello, sighting)
}

/** The facts of a sighting's hello; undefined where it has none, or a broken one. */
export function factsOfSighting(sighting: Sighting): HelloFacts | undefined {
  const hello = parsedOf(sighting)
  if (hello === undefined) return undefined
  return factsOf(hello, {
    transport: sighting.proto,
    isSecond: sighting.quality?.includes('hrr') ?? false,
    evidence: sighting.evidence === undefined ? undefined : readEvidence(sighting.evidence),
    timeMicros: Date.parse(sighting.time) * 1000,
    identified: identifyStored(sharedIdentifier(), hello, sighting),
  })
}

/** One hello of each connection and attempt: a hello that two taps saw is one. */
export function factsOfSightings(sightings: Iterable<Sighting>): HelloFacts[] {
  const facts = new Map<string, HelloFacts>()
  for (const sighting of sightings) {
    const { srcport, dst, dstport, proto, quality } = sighting
    const key = `${proto} ${srcport} ${dst} ${dstport} ${String(quality?.includes('hrr'))} ${sighting.time}`
    const made = factsOfSighting(sighting)
    if (made !== undefined && !facts.has(key)) facts.set(key, made)
  }
  return [...facts.values()]
}
