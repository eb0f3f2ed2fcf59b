// What the hash of a flow and a look-up cost, by IP version: in JavaScript; the same hash is made in the kernels.
// npm run bench:flows

import { bench, do_not_optimize, run } from 'mitata'
import { type FlowKey, FlowTable } from '../../src/base/flow-table.js'

const FLOWS = 4_096

/** Flows whose addresses lie in one buffer, as those of a block's frames do. */
function flowsOf(ipVersion: 4 | 6): FlowKey[] {
  const length = ipVersion === 4 ? 4 : 16
  const bytes = new Uint8Array(2 * length * FLOWS).fill(7)
  return Array.from({ length: FLOWS }, (_, i) => {
    const srcAddrOff = 2 * length * i
    bytes.set([i >> 8, i & 0xff], srcAddrOff + length - 2)
    const ports = { srcPort: 1024 + (i & 255), dstPort: 443 }
    return { bytes, ipVersion, srcAddrOff, dstAddrOff: srcAddrOff + length, ...ports }
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
