import { expect } from 'chai'
import { storedSightings } from '../../../src/fingerprint/stored-sighting.js'
import { MemoryStore } from '../../../src/store/memory/memory-store.js'
import { sighting } from '../../api/fixture.js'
import { rowsOf } from '../../rows.js'

describe('the size of the embedded store', () => {
  it('may be beyond 2 GiB', () => {
    const limits = { ttlSeconds: 3600, perIp: 10, spool: 10, mib: 1 << 24 }
    const store = new MemoryStore(limits, storedSightings())
    store.put(rowsOf([sighting({ time: new Date().toISOString() })]))
    expect(store.health()).to.include({ stored: 1, refused: 0 })
  })
})
