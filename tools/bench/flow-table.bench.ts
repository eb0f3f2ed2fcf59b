// What the hash of a flow and a look-up cost, by IP version: in JavaScript; the same hash is made in the kernels.
// npm run bench:flows

import { bench, do_not_optimize, run } from 'mitata'
import { type FlowKey, FlowTable } from '../../src/base/flow-table.js'

const FLOWS = 4_096

function flowsOf(ipVersion: 4 | 6): FlowKey[] {
  const length = ipVersion === 4 ? 4 : 16
  return Array.from({ length: FLOWS }, (_, i) => {
    const bytes = new Uint8Array(2 * length).fill(7)
    bytes.set([i >> 8, i & 0xff], length - 2)
    return {
      ...{ bytes, ipVersion, srcAddrOff: 0, dstAddrOff: length },
      ...{ srcPort: 1024 + (i & 255), dstPort: 443 },
    }
  })
}

for (const ipVersion of [4, 6] as const) {
  const table = new FlowTable(131_072, 0x1234_5678_9abc)
  const flows = flowsOf(ipVersion)
  for (const flow of flows) {
    const hash = table.hash(flow)
    table.set(table.place(hash), hash, flow)
  }
  bench(`IPv${ipVersion}: the hash, ${FLOWS} times`, () => {
    let sum = 0
    for (const flow of flows) sum ^= table.hash(flow)
    do_not_optimize(sum)
  })
  bench(`IPv${ipVersion}: the hash and the look-up, ${FLOWS} times`, () => {
    let sum = 0
    for (const flow of flows) sum ^= table.find(table.hash(flow), flow)
    do_not_optimize(sum)
  })
}

await run()
