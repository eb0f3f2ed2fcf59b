import { FLOW_LIMIT_ENTRIES } from '../base/limits.js'
import { EbpfWriter, translateClassic } from './classic-to-ebpf.js'
import { CODE } from './flow-limit-code.js'
import type { NativeCapture } from './native-addon.js'

/** Where assembly/flow-limit.ebpf expects what the filter returned, and octets a flow may have. */
const [VERDICT, LIMIT] = [9, 8]

/** An eBPF program that runs the classic program `filter`, and of what passes leaves each TCP flow its first `octets`. */
export function flowLimitProgram(filter: Uint8Array, octets: number): Uint8Array {
  const out = new EbpfWriter()
  translateClassic(filter, out, VERDICT)
  out.set(LIMIT, octets)
  return Buffer.concat([out.octets(), Buffer.from(CODE, 'base64')])
}

/**
 * Has the kernel pass, of each TCP flow and direction, the first `octets` of payload and leave the rest, on top of the
 * filter the capture has now. The next filter takes the limit off.
 *
 * @throws Error where the kernel refuses, as it does without CAP_BPF; the filter stands alone then
 */
export function limitFlows(capture: NativeCapture, octets: number): void {
  capture.attachProgram(flowLimitProgram(capture.classicFilter(), octets), FLOW_LIMIT_ENTRIES)
}
