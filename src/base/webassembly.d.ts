// What of the WebAssembly JavaScript Interface (https://www.w3.org/TR/wasm-js-api-2/) is used here: neither the language's
// own library nor Node's types declare it.

declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: {
      readonly initial: number
      readonly maximum: number
      readonly shared: true
    })
    readonly buffer: SharedArrayBuffer
  }
  class Module {
    constructor(bytes: Uint8Array)
    readonly [Symbol.toStringTag]: string
  }
  class Instance {
    constructor(
      module: Module,
      imports: Record<string, Record<string, { readonly buffer: SharedArrayBuffer }>>,
    )
    readonly exports: Record<string, unknown>
  }
}
