import { expect } from 'chai'
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { ByteWriter } from '../../src/base/byte-writer.js'
import type { FromWorker } from '../../src/batch/messages.js'
import { WorkerSink } from '../../src/batch/worker-sink.js'

describe('the sink of a worker thread', () => {
  it('waits where its lines are 16 MiB ahead of the output, until they are written', async () => {
    const { port1, port2 } = new MessageChannel()
    const sink = new WorkerSink(port1, new Float64Array(2))
    const lines = new ByteWriter(1 << 20)
    let messages = 0
    while (sink.room() === undefined && messages < 100) {
      lines.len = 1 << 20
      sink.take(lines)
      expect(lines.len).to.equal(0)
      messages++
    }
    expect(messages).to.equal(16)
    const [first] = (await once(port2, 'message')) as [FromWorker]
    expect(first.kind === 'lines' && first.bytes.length).to.equal(1 << 20)
    let hasRoom = false
    const room = sink.room()?.then(() => (hasRoom = true))
    await Promise.resolve()
    expect(hasRoom).to.equal(false)
    sink.written(1 << 20)
    await room
    expect(sink.room()).to.equal(undefined)
    port1.close()
  })
})
