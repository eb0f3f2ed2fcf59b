import { expect } from 'chai'
import { DRILLS } from './drills.js'

describe('drills of the store', () => {
  for (const [name, drill] of Object.entries(DRILLS))
    if (drill.isQuick)
      it(`account for every sighting: ${drill.what} (${name})`, async () => {
        expect(await drill.run()).to.match(/^\d+ sightings in = /)
      })
})
