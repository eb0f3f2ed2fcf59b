import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/contract.js'
import type { LinesSink } from './sensor.js'

/** Puts each line's sighting into the store. */
export function storeSink(store: Store): LinesSink {
  return (lines) => {
    if (!store.put(sightingsOf(lines))) return store.drain()
  }
}

/**
 * The sightings of complete JSON lines.
 * @param onFault takes a line that is none; without it, that is our own fault, and thrown
 */
export function sightingsOf(lines: Uint8Array, onFault?: (line: string) => void): Sighting[] {
  const sightings: Sighting[] = []
  for (const line of Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    .toString('utf8')
    .split('\n')) {
    if (line === '') continue
    try {
      const sighting = JSON.parse(line) as Sighting | Omit<Sighting, 'src'>
      // The store keeps sightings by their address, which EAP over a LAN has not.
      if ('src' in sighting) sightings.push(sighting)
    } catch (error) {
      if (onFault === undefined) throw error
      onFault(line)
    }
  }
  return sightings
}
