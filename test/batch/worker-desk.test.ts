import { expect } from 'chai'
import { MessageChannel } from 'node:worker_threads'
import { OctetWriter } from '../../src/base/octet-writer.js'
import { LINE_SLOT_LEN, LineSlots } from '../../src/batch/line-slots.js'
import { PROGRESS_NUMBERS } from '../../src/batch/read-messages.js'
import { WorkerDesk } from '../../src/batch/worker-desk.js'

describe('the desk of a worker', () => {
  it('does what others wait for while its lines wait for room, and ends where told to stop', () => {
    const slots = new LineSlots()
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const { port1 } = new MessageChannel()
    const desk = new WorkerDesk(port1, {
      index: 0,
      stop: stop.buffer,
      lines: slots.memory,
      progress: new SharedArrayBuffer(8 * PROGRESS_NUMBERS),
      options: {} as never,
    })
    const lines = new OctetWriter(LINE_SLOT_LEN)
    const take = () => {
      lines.len = LINE_SLOT_LEN
      desk.take(lines)
      expect(lines.len).to.equal(0)
    }
    let called = 0
    while (slots.fill(lines.bytes) >= 0);
    desk.meanwhile = () => {
      if (++called === 3) slots.release(5)
    }
    take()
    expect(called).to.equal(3)
    desk.meanwhile = () => {
      if (++called === 6) Atomics.store(stop, 0, 1)
    }
    take()
    expect(called).to.equal(6)
    port1.close()
  })
})
