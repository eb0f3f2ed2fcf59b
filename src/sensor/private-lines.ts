import type { PrivacyPolicy } from '../privacy/privacy.js'
import { isKeepAll, privateSighting } from '../privacy/privacy.js'
import type { LinesSink } from './sensor.js'
import { sightingsOf } from './store-sink.js'

const ENCODER = new TextEncoder()

/** `sink` behind a privacy policy: it gets each line as the policy keeps it, and the same bytes where all is kept. */
export function privateLines(sink: LinesSink, policy: PrivacyPolicy): LinesSink {
  if (isKeepAll(policy)) return sink
  return (lines, counters) => {
    const kept = sightingsOf(lines).map(
      (one) => `${JSON.stringify(privateSighting(policy, one))}\n`,
    )
    return sink(ENCODER.encode(kept.join('')), counters)
  }
}
