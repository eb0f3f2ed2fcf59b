import { CaptureError } from '../capture-error.js'
import type { EngineName } from './child-message.js'
import type { NativeAddon } from './native-addon.js'
import { loadNativeAddon } from './native-addon.js'

/** The engine that captures, and the native one's code. */
export type Engine =
  | { readonly name: 'native'; readonly addon: NativeAddon }
  | {
      readonly name: Exclude<EngineName, 'native'>
      /** Why it is not the native one, which nobody forbade. */
      readonly insteadOf?: string
    }

/**
 * The engine asked for; where none is, the native one if it is there, else npm cap, which tells only when it captures
 * whether it is.
 * @throws CaptureError NO_ENGINE, when native is asked for and not there
 */
export function chooseEngine(wanted: EngineName | undefined): Engine {
  if (wanted === 'cap') return { name: 'cap' }
  try {
    return { name: 'native', addon: loadNativeAddon() }
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0] ?? ''
    if (wanted === undefined) return { name: 'cap', insteadOf: reason }
    throw new CaptureError(
      'NO_ENGINE',
      `the native capture engine is not there (${reason}). It needs libpcap (Debian: sudo apt-get install libpcap0.8) ` +
        'and, in a checkout, a build: sudo apt-get install libpcap-dev g++ && npm run build; or use --engine cap',
      { cause },
    )
  }
}
