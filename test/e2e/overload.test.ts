// More than the sensor can take, really sent; `npm run bench:live -- --overload` finds out what that is, and sends twice as much.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { namespaces, needs } from '../capability.js'
import { Lab } from '../capture/live-lab.js'
import { TOLD_WITHIN, overload } from '../live/overload.js'

describe('overload', function () {
  this.timeout(60_000)
  let lab: Lab
  let folder: string

  before(function () {
    needs(this, namespaces)
    folder = mkdtempSync(join(tmpdir(), 'hellotap-overload-'))
    lab = new Lab()
    lab.quiet()
  })
  after(async () => {
    if ((lab as Lab | undefined) === undefined) return
    await lab.close()
    rmSync(folder, { recursive: true })
  })

  it('is told in metrics, health and log: received and dropped are what was sent', async () => {
    const args = ['--ring', '2']
    const done = await overload(lab, { folder, seconds: 1, args })
    expect(done.dropped, 'dropped').to.be.above(done.sent / 10)
    expect(done.received, 'received').to.be.above(done.sent / 10)
    expect(done.received + done.dropped).to.equal(done.sent)
    expect(done.logged).to.equal(done.dropped)
    for (const [where, seconds] of Object.entries(done.told))
      expect(seconds, where).to.be.below(TOLD_WITHIN)
    expect(done.firstLine).to.be.below(TOLD_WITHIN)
  })
})
