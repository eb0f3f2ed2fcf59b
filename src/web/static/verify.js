import { sha3_384 } from '/vendor/sha3.js'

/** Canonical JSON (RFC 8785) of an object whose values are strings. */
export function canonicalJson(object) {
  const pairs = Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(object[key])}`)
  return `{${pairs.join(',')}}`
}

/** Whether `hash` is the SHA3-384 of the canonical JSON of `tlsFp`, computed here, in the reader's browser. */
export function isVerified(tlsFp, hash) {
  return sha3_384(canonicalJson(tlsFp)) === hash
}
