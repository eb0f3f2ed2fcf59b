// Every event worth counting has one name, here, with its help text. Network faults never throw: they are counted.

/** What each counter counts. Rooms add theirs here; /metrics, /healthz and the summary of `read` print them by name. */
export const COUNTER_HELP = {
  packets: 'frames taken from the source',
  packet_octets: 'octets captured of them',
  hellos: 'ClientHellos given as sightings',
  hello_malformed: 'handshake messages of a ClientHello that break RFC 8446 §4.1.2',
  capture_gaps: 'times a live interface was not captured: it went down or away, or its capture child ended',
  capture_gap_millis: 'milliseconds live interfaces were not captured, over all gaps',
  capture_child_crashes: 'capture children that ended without being asked to',
  capture_child_dropped: 'frames a capture child dropped because its reader was too slow',
} as const

export type CounterName = keyof typeof COUNTER_HELP
/** One number a counter. A plain object of fixed shape, so that `counters.packets++` is a field write. */
export type Counters = Record<CounterName, number>

/** All counters at zero. */
export function newCounters(): Counters {
  const counters: Record<string, number> = {}
  for (const name of Object.keys(COUNTER_HELP)) counters[name] = 0
  return counters as Counters
}
