import { expect } from 'chai'
import { DRILLS } from './drills.js'

describe('drills of the store', () => {
  for (const [name, { what, isQuick, run }] of Object.entries(DRILLS))
    if (isQuick)
      it(`account for every sighting: ${what} (${name})`, async () => {
        expect(await run()).to.match(/^\d+ sightings in = /)
      })
})
