import { BUCKET_INDEXED_VALUES } from '../../base/limits.js'
import type { FingerprintName, Sighting } from '../../model/sighting.js'
import { ClientCount } from '../client-count.js'
import { DISTRIBUTIONS, indexKey, SORTED_METHODS, WIRE_ORDER_METHODS } from '../traits.js'

/** Characters of a value kept as its own key: a digest of each would be the dearest part of counting a sighting. */
const LONGEST_KEY = 512

/** Whose value it is, under which method. */
export interface Indexed {
  readonly id: string
  readonly method: FingerprintName
}

/** What one part of the TTL adds up to. */
export class Bucket {
  sightings = 0
  other = 0
  firstMicros = Infinity
  lastMicros = -Infinity
  newFingerprints = 0
  userAgentPairs = 0
  readonly clients = new ClientCount()
  readonly fingerprints = new Map<string, { count: number; readonly clients: ClientCount }>()
  readonly distributions = new Map(
    DISTRIBUTIONS.map((name) => [name, { fresh: 0, counts: new Map<string, number>() }]),
  )
  readonly sortedValues = new Map<string, Indexed>()
  readonly wireValues = new Map<string, Indexed>()
  readonly userAgents = new Map<string, Map<string, number>>()
}

/** Makes a sighting's values findable, as far as there is room. */
export function indexIn(bucket: Bucket, id: string, sighting: Sighting): void {
  index(bucket.sortedValues, id, sighting, SORTED_METHODS)
  index(bucket.wireValues, id, sighting, WIRE_ORDER_METHODS)
}

/** The fingerprint that has `value` under a method. */
export function findIn(bucket: Bucket, value: string): Indexed | undefined {
  const key = indexKey(value, LONGEST_KEY)
  return bucket.sortedValues.get(key) ?? bucket.wireValues.get(key)
}

/** The first fingerprint to have a value keeps it. */
function index(
  values: Map<string, Indexed>,
  id: string,
  sighting: Sighting,
  methods: readonly FingerprintName[],
): void {
  for (const method of methods) {
    if (values.size >= BUCKET_INDEXED_VALUES) return
    const value = sighting[method]
    if (value === undefined) continue
    const key = indexKey(value, LONGEST_KEY)
    if (!values.has(key)) values.set(key, { id, method })
  }
}
