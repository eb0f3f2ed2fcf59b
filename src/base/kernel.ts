// Kernels: loops compiled to WebAssembly that work on memory they share with JavaScript. src/kernels/README.md lists
// them, and what each one earns.

/** Bytes of a page of WebAssembly's memory. */
export const PAGE_LEN = 65_536

/** A compiled kernel, in base64. */
export class Kernel<Exports> {
  readonly #base64: string
  /** Compiled when first used. */
  #module: WebAssembly.Module | undefined
  readonly #instances = new WeakMap<object, Exports>()

  constructor(base64: string) {
    this.#base64 = base64
  }

  /** The kernel's functions, working on `memory`. */
  over(memory: { readonly buffer: ArrayBufferLike }): Exports {
    const known = this.#instances.get(memory)
    if (known !== undefined) return known
    this.#module ??= compile(this.#base64)
    const exports = new WebAssembly.Instance(this.#module, { env: { memory } }).exports as Exports
    this.#instances.set(memory, exports)
    return exports
  }
}

function compile(base64: string): WebAssembly.Module {
  const text = atob(base64)
  const code = new Uint8Array(text.length)
  // Uint8Array.from calls a function for each byte, which takes milliseconds
  for (let i = 0; i < code.length; i++) code[i] = text.charCodeAt(i)
  return new WebAssembly.Module(code)
}
