// trust_anchors, draft-ietf-tls-trust-anchor-ids §4.1: length 2 · { length 1 · relative OID (X.690 §8.20) }

import { u8 } from '../../base/bytes.js'
import { fillsVector16 } from './body.js'

/** Bytes of one component: 2^53 needs eight of seven bits. */
const MAX_COMPONENT_LEN = 7

/** The trust anchors a client asks for, as dotted numbers below 1.3.6.1.4.1: `32473.1`. The list may be empty. */
export function trustAnchors(bytes: Uint8Array, off: number, end: number): string[] | undefined {
  if (!fillsVector16(bytes, off, end)) return undefined
  const anchors: string[] = []
  let at = off + 2
  while (at < end) {
    const idEnd = at + 1 + u8(bytes, at)
    if (idEnd === at + 1 || idEnd > end) return undefined
    const id = relativeOid(bytes, at + 1, idEnd)
    if (id === undefined) return undefined
    anchors.push(id)
    at = idEnd
  }
  return anchors
}

function relativeOid(bytes: Uint8Array, off: number, end: number): string | undefined {
  let text = ''
  let component = 0
  let componentLen = 0
  for (let at = off; at < end; at++) {
    const byte = u8(bytes, at)
    // No leading zeros: 0x80 would be one.
    if (componentLen === 0 && byte === 0x80) return undefined
    if (++componentLen > MAX_COMPONENT_LEN) return undefined
    component = component * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    text += text === '' ? `${component}` : `.${component}`
    component = 0
    componentLen = 0
  }
  return componentLen === 0 ? text : undefined
}
