import { FLOW_LIMIT_ENTRIES } from '../../base/limits.js'
import { EbpfWriter, translateClassic } from './classic-to-ebpf.js'
import { CODE } from './flow-limit-code.js'
import type { NativeCapture } from '../live/native-addon.js'

/** Where assembly/flow-limit.ebpf expects what the filter returned, and octets a flow may have. */
const [VERDICT, LIMIT] = [9, 8]
/** Where on the stack it expects the bits of octets that a flow's first payload seen may begin with. */
const STARTS = -104
const WORDS = 8
/** Stores a word of 32 bits. */
const STORE_WORD = 0x62
const STACK = 10

/** What of each TCP flow and direction is to pass. */
export interface FlowLimit {
  /** Octets of payload from its start on. */
  readonly octets: number
  /** What the payload of a flow not seen to start may begin with, as octets; any unless given. */
  readonly starts?: readonly number[] | undefined
}

/** An eBPF program that runs the classic program `filter`, and leaves each TCP flow, of what passes, what `limit` says. */
export function flowLimitProgram(filter: Uint8Array, { octets, starts }: FlowLimit): Uint8Array {
  const out = new EbpfWriter()
  translateClassic(filter, out, VERDICT)
  out.set(LIMIT, octets)
  const bits = new Uint32Array(WORDS).fill(starts === undefined ? 0xffffffff : 0)
  for (const octet of starts ?? []) bits[octet >> 5] = (bits[octet >> 5] ?? 0) | (1 << (octet & 31))
  for (const [i, word] of bits.entries()) out.put(STORE_WORD, STACK, 0, STARTS + 4 * i, word | 0)
  return Buffer.concat([out.octets(), Buffer.from(CODE, 'base64')])
}

/**
 * Has the kernel pass, of each TCP flow and direction, what `limit` says and leave the rest, on top of the filter the
 * capture has now. The next filter takes the limit off.
 *
 * @throws Error where the kernel refuses, as it does without CAP_BPF; the filter stands alone then
 */
export function limitFlows(capture: NativeCapture, limit: FlowLimit): void {
  capture.attachProgram(flowLimitProgram(capture.classicFilter(), limit), FLOW_LIMIT_ENTRIES)
}
