// What of the WebAssembly JavaScript Interface (https://www.w3.org/TR/wasm-js-api-2/) is used here: neither the language's
// own library nor Node's types declare it.

declare namespace WebAssembly {
  interface Memory<Buffer extends ArrayBufferLike> {
    readonly buffer: Buffer
    grow(pages: number): number
  }
  const Memory: {
    new (descriptor: { readonly initial: number; readonly maximum?: number }): Memory<ArrayBuffer>
  }
  class Module {
    constructor(bytes: Uint8Array)
    readonly [Symbol.toStringTag]: string
  }
  class Instance {
    constructor(
      module: Module,
      imports: Record<string, Record<string, { readonly buffer: ArrayBufferLike }>>,
    )
    readonly exports: Record<string, unknown>
  }
}
