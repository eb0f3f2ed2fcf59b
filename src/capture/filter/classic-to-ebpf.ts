// A classic BPF program, as libpcap has the kernel run it for each frame, in eBPF (RFC 9669): instruction by instruction,
// as the kernel itself translates it. So a program of our own can go on where the filter accepts a frame.
//
//   classic  | opcode 16 | jump if true 8 | jump if false 8 | k 32 |
//   eBPF     | opcode 8 | source 4, destination 4 | offset 16 | immediate 32 |       both 8 bytes
//
//   classic A  r0        X  r7        M[]  the end of the stack        frame  r6        spare  r8

export const INSTRUCTION_LEN = 8

const [A, SPARE, FRAME, X, STACK] = [0, 8, 6, 7, 10]
/** Where M[0] is on the stack, whose other end is left to the program that goes on. */
const MEMORY = -512

// opcodes that both have
const CLASS = 0x07
const [LD, LDX, ST, STX, ALU, JMP, RET, MISC] = [0, 1, 2, 3, 4, 5, 6, 7]
const MODE = 0xe0
const [IMM, ABS, IND, MEM, LEN, MSH] = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0]
const BYTE = 0x10
const BY_REGISTER = 0x08
const OPERATION = 0xf0
const [JA, EXIT] = [0x00, 0x90]
const [AND, LSH, DIV, MOD] = [0x50, 0x60, 0x30, 0x90]
const RETURN_A = 0x10
const TXA = 0x80
// eBPF's own
const [MOV, TO_BIG_ENDIAN] = [0xb0, 0xd8]
const [JMP32, ALU64] = [6, 7]
const JNE = 0x50
/** Jumps taken where the other is not: equal, greater, greater or equal. */
const OPPOSITE = new Map([
  [0x10, 0x50],
  [0x20, 0xb0],
  [0x30, 0xa0],
])

/** From this `k` on, up to 256 more, a load is of something Linux knows of the frame (linux/filter.h, SKF_AD_OFF). */
const ANCILLARY = 0xfffff000
/** Those libpcap asks for, as offsets in `struct __sk_buff`, and which of them are in the order of the wire. */
const ANCILLARY_FIELDS = new Map([
  [0, { off: 16, isBigEndian: true }], // EtherType
  [4, { off: 4, isBigEndian: false }], // kind of packet
  [8, { off: 40, isBigEndian: false }], // interface index
  [44, { off: 24, isBigEndian: false }], // VLAN tag the kernel took off
  [48, { off: 20, isBigEndian: false }], // whether there was one
  [60, { off: 28, isBigEndian: true }], // its EtherType
])

/** An instruction of eBPF with all its fields. */
export class EbpfWriter {
  readonly #fields: (readonly [number, number, number, number, number])[] = []

  /** Instructions so far. */
  get count(): number {
    return this.#fields.length
  }

  put(opcode: number, to: number, from: number, off: number, value: number): void {
    this.#fields.push([opcode, to, from, off, value])
  }

  /** Sets register `to`, all 64 bits, to an unsigned number of 32 bits. */
  set(to: number, value: number): void {
    this.put(ALU | MOV, to, 0, 0, value)
  }

  /** Puts a jump to be told later where it goes. @returns what tells it */
  jump(opcode: number, to: number, from: number, value: number): (target: number) => void {
    const at = this.count
    this.put(opcode, to, from, 0, value)
    return (target) => (this.#fields[at] = [opcode, to, from, target - at - 1, value])
  }

  /** The program, little-endian. */
  bytes(): Uint8Array {
    const view = new DataView(new ArrayBuffer(INSTRUCTION_LEN * this.count))
    for (const [i, [opcode, to, from, off, value]] of this.#fields.entries()) {
      view.setUint8(INSTRUCTION_LEN * i, opcode)
      view.setUint8(INSTRUCTION_LEN * i + 1, (from << 4) | to)
      view.setInt16(INSTRUCTION_LEN * i + 2, off, true)
      view.setInt32(INSTRUCTION_LEN * i + 4, value, true)
    }
    return new Uint8Array(view.buffer)
  }
}

/**
 * Writes `classic` so that a frame it refuses is dropped, and one it accepts goes on behind what was written, with the frame
 * in r6 and in `verdict` what the filter returned. r1 holds the frame at the start.
 *
 * @throws RangeError where it uses what eBPF has not
 */
export function translateClassic(classic: Uint8Array, out: EbpfWriter, verdict: number): void {
  const view = new DataView(classic.buffer, classic.byteOffset, classic.length)
  const count = classic.length / INSTRUCTION_LEN
  const places: number[] = []
  const toPlaces: (() => void)[] = []
  const toEnd: ((target: number) => void)[] = []

  out.put(ALU64 | MOV | BY_REGISTER, FRAME, 1, 0, 0)
  out.set(A, 0)
  out.set(X, 0)
  for (let i = 0; i < count; i++) {
    places.push(out.count)
    const opcode = view.getUint16(INSTRUCTION_LEN * i, true)
    const k = view.getUint32(INSTRUCTION_LEN * i + 4, true)
    const go = (jump: (target: number) => void, distance: number) =>
      toPlaces.push(() => jump(places[i + 1 + distance] ?? out.count))
    const operation = opcode & OPERATION
    const from = opcode & BY_REGISTER ? X : 0
    switch (opcode & CLASS) {
      case LD:
        load(out, opcode, k)
        break
      case LDX:
        loadX(out, opcode & MODE, k)
        break
      case ST:
        out.put(STX | MEM, STACK, A, MEMORY + 4 * k, 0)
        break
      case STX:
        out.put(STX | MEM, STACK, X, MEMORY + 4 * k, 0)
        break
      case ALU:
        if (from === X && (operation === DIV || operation === MOD)) {
          const divided = out.jump(JMP32 | JNE, X, 0, 0)
          drop(out)
          divided(out.count)
        }
        out.put(opcode, A, from, 0, from === X ? 0 : k)
        break
      case JMP: {
        const [ifTrue, ifFalse] = [
          view.getUint8(INSTRUCTION_LEN * i + 2),
          view.getUint8(INSTRUCTION_LEN * i + 3),
        ]
        const opposite = OPPOSITE.get(operation)
        const compared = (how: number) =>
          out.jump(JMP32 | how | (opcode & BY_REGISTER), A, from, from === X ? 0 : k)
        if (operation === JA) go(out.jump(JMP | JA, 0, 0, 0), k)
        else if (ifTrue === 0 && opposite !== undefined) go(compared(opposite), ifFalse)
        else {
          go(compared(operation), ifTrue)
          if (ifFalse !== 0) go(out.jump(JMP | JA, 0, 0, 0), ifFalse)
        }
        break
      }
      case RET:
        if (opcode & RETURN_A) {
          const accepted = out.jump(JMP32 | JNE, A, 0, 0)
          drop(out)
          accepted(out.count)
          out.put(ALU | MOV | BY_REGISTER, verdict, A, 0, 0)
        } else if (k === 0) {
          drop(out)
          break
        } else out.set(verdict, k)
        toEnd.push(out.jump(JMP | JA, 0, 0, 0))
        break
      case MISC: {
        const [to, source] = (opcode & TXA) === 0 ? [X, A] : [A, X]
        out.put(ALU | MOV | BY_REGISTER, to, source, 0, 0)
      }
    }
  }
  for (const resolve of toPlaces) resolve()
  for (const resolve of toEnd) resolve(out.count)
}

/** Loads into A. */
function load(out: EbpfWriter, opcode: number, k: number): void {
  switch (opcode & MODE) {
    case IMM:
      out.set(A, k)
      break
    case ABS:
      if (k < ANCILLARY) out.put(opcode, 0, 0, 0, k)
      else ancillary(out, k - ANCILLARY)
      break
    case IND:
      out.put(opcode, 0, X, 0, k)
      break
    case MEM:
      out.put(LDX | MEM, A, STACK, MEMORY + 4 * k, 0)
      break
    case LEN:
      out.put(LDX | MEM, A, FRAME, 0, 0)
  }
}

/** Loads into X. */
function loadX(out: EbpfWriter, mode: number, k: number): void {
  switch (mode) {
    case IMM:
      out.set(X, k)
      break
    case MEM:
      out.put(LDX | MEM, X, STACK, MEMORY + 4 * k, 0)
      break
    case LEN:
      out.put(LDX | MEM, X, FRAME, 0, 0)
      break
    case MSH:
      // four times the lower half of a byte: the length of an IPv4 header
      out.put(ALU64 | MOV | BY_REGISTER, SPARE, A, 0, 0)
      out.put(LD | ABS | BYTE, 0, 0, 0, k)
      out.put(ALU | AND, A, 0, 0, 0x0f)
      out.put(ALU | LSH, A, 0, 0, 2)
      out.put(ALU | MOV | BY_REGISTER, X, A, 0, 0)
      out.put(ALU64 | MOV | BY_REGISTER, A, SPARE, 0, 0)
  }
}

function ancillary(out: EbpfWriter, field: number): void {
  const known = ANCILLARY_FIELDS.get(field)
  if (known === undefined) throw new RangeError(`the filter asks for ancillary data ${field}`)
  out.put(LDX | MEM, A, FRAME, known.off, 0)
  if (known.isBigEndian) out.put(ALU | TO_BIG_ENDIAN, A, 0, 0, 16)
}

function drop(out: EbpfWriter): void {
  out.set(A, 0)
  out.put(JMP | EXIT, 0, 0, 0, 0)
}
