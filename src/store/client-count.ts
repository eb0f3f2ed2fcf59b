// How many distinct addresses, in bounded room: exactly up to a bound, then by HyperLogLog (Flajolet et al. 2007) with
// Ertl's estimator (arXiv:1702.01284, algorithm 6), the same that Redis uses: 2^14 registers, standard error 0.81 %.

const EXACT = 512
const PRECISION = 14
const REGISTERS = 1 << PRECISION
/** Bits of hash the run of zeros is counted in. */
const RUN_BITS = 32

/** A set of addresses that knows its size only. */
export class ClientCount {
  #exact: Set<string> | undefined = new Set()
  #registers: Uint8Array | undefined

  add(address: string): void {
    if (this.#exact !== undefined) {
      this.#exact.add(address)
      if (this.#exact.size <= EXACT) return
      const addresses = this.#exact
      this.#exact = undefined
      for (const each of addresses) this.#note(each)
      return
    }
    this.#note(address)
  }

  /** Adds all that `other` holds. */
  merge(other: ClientCount): void {
    if (other.#exact !== undefined) {
      for (const address of other.#exact) this.add(address)
      return
    }
    const registers = this.#dense()
    const from = other.#registers ?? new Uint8Array(REGISTERS)
    for (let i = 0; i < REGISTERS; i++) {
      const run = from[i] ?? 0
      if (run > (registers[i] ?? 0)) registers[i] = run
    }
  }

  /** Distinct addresses, exact up to 512. */
  get size(): number {
    return this.#exact === undefined ? estimate(this.#dense()) : this.#exact.size
  }

  #dense(): Uint8Array {
    this.#registers ??= new Uint8Array(REGISTERS)
    if (this.#exact !== undefined) {
      const addresses = this.#exact
      this.#exact = undefined
      for (const address of addresses) this.#note(address)
    }
    return this.#registers
  }

  #note(address: string): void {
    this.#registers ??= new Uint8Array(REGISTERS)
    const index = hash32(address, 0x9747b28c) & (REGISTERS - 1)
    const run = Math.clz32(hash32(address, 0x3c6ef372)) + 1
    if (run > (this.#registers[index] ?? 0)) this.#registers[index] = run
  }
}

/** FNV-1a over the code units, finished by Murmur3's mixer so that every bit depends on all. */
function hash32(text: string, seed: number): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function estimate(registers: Uint8Array): number {
  const held = new Float64Array(RUN_BITS + 2)
  for (const run of registers) held[run] = (held[run] ?? 0) + 1
  let z = REGISTERS * tau(1 - (held[RUN_BITS + 1] ?? 0) / REGISTERS)
  for (let run = RUN_BITS; run >= 1; run--) z = 0.5 * (z + (held[run] ?? 0))
  z += REGISTERS * sigma((held[0] ?? 0) / REGISTERS)
  return Math.round((REGISTERS * REGISTERS) / (2 * Math.LN2 * z))
}

function sigma(x: number): number {
  if (x === 1) return Infinity
  let [power, y, z, before] = [x, 1, x, -1]
  while (z !== before) {
    power *= power
    before = z
    z += power * y
    y += y
  }
  return z
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0
  let [root, y, z, before] = [x, 1, 1 - x, -1]
  while (z !== before) {
    root = Math.sqrt(root)
    before = z
    y *= 0.5
    z -= (1 - root) ** 2 * y
  }
  return z / 3
}
