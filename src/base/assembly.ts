// Loops compiled to WebAssembly, over memory that they share with us. One is used where JavaScript was measured to be
// the bottleneck, and only there.

/** What comes before the limits of the memory in a module that imports it as "memory" of "env". */
const MEMORY_IMPORT = [3, ...ascii('env'), 6, ...ascii('memory'), 2]
/** The bit of these limits that says that other threads see the memory (WebAssembly core specification 3.0, §5.3.14). */
const SHARED = 2

/** Octets of a page of WebAssembly's memory. */
export const PAGE_LEN = 65_536

/** A compiled loop, in base64. */
export class Loop<Exports> {
  readonly #base64: string
  /** Compiled once a thread, for memory of its own and for memory that is shared. */
  readonly #modules: (WebAssembly.Module | undefined)[] = [undefined, undefined]
  readonly #instances = new WeakMap<object, Exports>()

  constructor(base64: string) {
    this.#base64 = base64
  }

  /** The loop's functions, working on `memory`; each thread has its own. */
  over(memory: { readonly buffer: ArrayBufferLike }): Exports {
    const known = this.#instances.get(memory)
    if (known !== undefined) return known
    const isShared = memory.buffer instanceof SharedArrayBuffer
    const module = (this.#modules[isShared ? 1 : 0] ??= this.#compile(isShared))
    const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Exports
    this.#instances.set(memory, exports)
    return exports
  }

  #compile(isShared: boolean): WebAssembly.Module {
    const octets = atob(this.#base64)
    const code = new Uint8Array(octets.length)
    // a call for each octet, as of Uint8Array.from, takes milliseconds
    for (let i = 0; i < code.length; i++) code[i] = octets.charCodeAt(i)
    const at = code.findIndex((_, off) =>
      MEMORY_IMPORT.every((octet, i) => code[off + i] === octet),
    )
    const limits = at + MEMORY_IMPORT.length
    if (isShared) code[limits] = (code[limits] ?? 0) | SHARED
    return new WebAssembly.Module(code)
  }
}

function ascii(text: string): number[] {
  return Array.from(text, (char) => char.charCodeAt(0))
}
