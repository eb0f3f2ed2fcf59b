// Loops compiled to WebAssembly, over memory that they share with us. One is used where JavaScript was measured to be
// the bottleneck, and only there.

/** A compiled loop, in base64. */
export class Loop<Exports> {
  readonly #base64: string
  /** Compiled once a thread. */
  #module: WebAssembly.Module | undefined
  readonly #instances = new WeakMap<object, Exports>()

  constructor(base64: string) {
    this.#base64 = base64
  }

  /** The loop's functions, working on `memory`; each thread has its own. */
  over(memory: { readonly buffer: ArrayBufferLike }): Exports {
    const known = this.#instances.get(memory)
    if (known !== undefined) return known
    this.#module ??= new WebAssembly.Module(
      Uint8Array.from(atob(this.#base64), (octet) => octet.charCodeAt(0)),
    )
    const env = { memory }
    const exports = new WebAssembly.Instance(this.#module, { env }).exports as Exports
    this.#instances.set(memory, exports)
    return exports
  }
}
