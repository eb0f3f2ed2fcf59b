import { MAX_LISTED_EXTENSIONS } from '../base/limits.js'
import type { Hello } from '../model/hello.js'
import { degrease } from './text.js'

/**
 * A hello's extensions in both orders the fingerprints ask for. GREASE types stand as 0x0a0a.
 * One instance, filled hello by hello.
 */
export class ExtensionOrder {
  /** How many: of a hello with more than MAX_LISTED_EXTENSIONS the first ones. */
  count = 0
  /** Types in wire order. */
  readonly wire = new Uint16Array(MAX_LISTED_EXTENSIONS)
  /** Types in numerical order; equal ones in wire order. */
  readonly sorted = new Uint16Array(MAX_LISTED_EXTENSIONS)
  /** Where in the hello sorted extension i stands: an index into Hello.extensionType. */
  readonly sortedIndex = new Uint16Array(MAX_LISTED_EXTENSIONS)
  // type << 16 | index
  readonly #keys = new Uint32Array(MAX_LISTED_EXTENSIONS)

  /** Takes the extensions of `hello`. */
  fill(hello: Hello): void {
    const count = Math.min(hello.extensionCount, MAX_LISTED_EXTENSIONS)
    const keys = this.#keys
    this.count = count
    for (let i = 0; i < count; i++) {
      const type = degrease(hello.extensionType[i] ?? 0)
      this.wire[i] = type
      keys[i] = ((type << 16) | i) >>> 0
    }
    keys.subarray(0, count).sort()
    for (let i = 0; i < count; i++) {
      const key = keys[i] ?? 0
      this.sorted[i] = key >>> 16
      this.sortedIndex[i] = key & 0xffff
    }
  }
}
