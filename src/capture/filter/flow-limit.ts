import { FLOW_LIMIT_ENTRIES } from '../../base/limits.js'
import { BEGINNING_LEN, beginnings, type CloseLook } from './beginnings.js'
import { EbpfWriter, INSTRUCTION_LEN, translateClassic } from './classic-to-ebpf.js'
import { CODE, PLACES } from './flow-limit-code.js'
import type { NativeCapture } from '../live/native-addon.js'

/** Where assembly/flow-limit.ebpf expects what the filter returned, and bytes a flow may have. */
const [VERDICT, LIMIT] = [9, 8]
/** Where on the stack it expects the bits of bytes that a flow's first payload seen may begin with. */
const STARTS = -104
const WORDS = 8
/** Where it expects whether flows of servers count as not seen to start, 64 bits. */
const CLIENTS = -112
/** Where it has bytes of payload, and room for what is loaded. */
const [PAYLOAD, HEADER] = [-72, -64]
const [FRAME, PAYLOAD_OFF, STACK] = [6, 7, 10]

// opcodes of eBPF
const [STORE_WORD, STORE_DOUBLE] = [0x62, 0x7a]
const [LOAD_BYTE, LOAD_HALF, LOAD_DOUBLE] = [0x71, 0x69, 0x79]
const [MOVE, MOVE_IMMEDIATE, ADD] = [0xbf, 0xb7, 0x07]
const BIG_ENDIAN = 0xdc
const [JUMP, CALL] = [0x05, 0x85]
const [IF_EQUAL_TO, IF_NOT, IF_ABOVE, IF_BELOW] = [0x1d, 0x55, 0x25, 0xa5]
const LOAD_BYTES_RELATIVE = 68
const FROM_NETWORK_HEADER = 1
/** First bytes, and the third's range, of OpenVPN's control packets over TCP: their length, P_CONTROL_V1. */
const OPENVPN = { greatestFirst: 5, opcode: [0x20, 0x27] } as const

/** What of each TCP flow and direction is to pass. */
export interface FlowLimit {
  /** Bytes of payload from its start on. */
  readonly bytes: number
  /** What the payload of a flow not seen to start may begin with, as bytes; any unless given. */
  readonly starts?: readonly number[] | undefined
  /**
   * For captures of every port: whether such a payload must begin as a hello may by more than its first byte, and what
   * servers send counts as not seen to start.
   */
  readonly close?: CloseLook | undefined
}

/** An eBPF program that runs the classic program `filter`, and leaves each TCP flow, of what passes, what `limit` says. */
export function flowLimitProgram(
  filter: Uint8Array,
  { bytes, starts, close }: FlowLimit,
): Uint8Array {
  const out = new EbpfWriter()
  translateClassic(filter, out, VERDICT)
  out.set(LIMIT, bytes)
  const bits = new Uint32Array(WORDS).fill(starts === undefined ? 0xffffffff : 0)
  for (const byte of starts ?? []) bits[byte >> 5] = (bits[byte >> 5] ?? 0) | (1 << (byte & 31))
  for (const [i, word] of bits.entries()) out.put(STORE_WORD, STACK, 0, STARTS + 4 * i, word | 0)
  out.put(STORE_DOUBLE, STACK, 0, CLIENTS, close === undefined ? 0 : 1)
  const code = Buffer.from(CODE, 'base64')
  const look = new EbpfWriter()
  const before = code.length / INSTRUCTION_LEN
  const places = {
    isNew: PLACES.new - before,
    pass: PLACES.pass - before,
    drop: PLACES.drop - before,
  }
  if (close === undefined) look.jump(JUMP, 0, 0, 0)(places.isNew)
  else writeCloseLook(look, close, places)
  return Buffer.concat([out.bytes(), code, look.bytes()])
}

/** Writes what tells from a payload's first bytes whether a hello may begin there; shorter ones pass, and start no flow. */
function writeCloseLook(
  out: EbpfWriter,
  close: CloseLook,
  places: { readonly isNew: number; readonly pass: number; readonly drop: number },
): void {
  out.put(MOVE, 1, FRAME, 0, 0)
  out.put(MOVE, 2, PAYLOAD_OFF, 0, 0)
  out.put(MOVE, 3, STACK, 0, 0)
  out.put(ADD, 3, 0, 0, HEADER)
  out.put(MOVE_IMMEDIATE, 4, 0, 0, BEGINNING_LEN)
  out.put(MOVE_IMMEDIATE, 5, 0, 0, FROM_NETWORK_HEADER)
  out.put(CALL, 0, 0, 0, LOAD_BYTES_RELATIVE)
  out.jump(IF_NOT, 0, 0, 0)(places.pass)
  for (const beginning of beginnings(close)) {
    const toNext = beginning.flatMap((range) => unlessIn(out, ...range))
    out.jump(JUMP, 0, 0, 0)(places.isNew)
    for (const jump of toNext) jump(out.count)
  }
  // OpenVPN's packets have no bytes that others have not, but a length: that of the segment.
  const [least, greatest] = OPENVPN.opcode
  const toEnd = [
    ...unlessIn(out, 0, 0, OPENVPN.greatestFirst),
    ...unlessIn(out, 2, least, greatest),
  ]
  out.put(LOAD_HALF, 1, STACK, HEADER, 0)
  out.put(BIG_ENDIAN, 1, 0, 0, 16)
  out.put(ADD, 1, 0, 0, 2)
  out.put(LOAD_DOUBLE, 2, STACK, PAYLOAD, 0)
  out.jump(IF_EQUAL_TO, 1, 2, 0)(places.isNew)
  for (const jump of toEnd) jump(out.count)
  out.jump(JUMP, 0, 0, 0)(places.drop)
}

/** Writes jumps that are taken unless the loaded byte at `off` is in a range. @returns what tells where they go */
function unlessIn(
  out: EbpfWriter,
  off: number,
  least: number,
  greatest: number,
): ((target: number) => void)[] {
  out.put(LOAD_BYTE, 1, STACK, HEADER + off, 0)
  if (least === greatest) return [out.jump(IF_NOT, 1, 0, least)]
  const above = out.jump(IF_ABOVE, 1, 0, greatest)
  return least === 0 ? [above] : [above, out.jump(IF_BELOW, 1, 0, least)]
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
