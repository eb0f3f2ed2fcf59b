/** What stands for a fingerprint in the index: the first nine bytes of its SHA-256, in base64url. */
export function indexKey(sha256: Uint8Array): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  let key = ''
  for (let at = 0; at < 9; at += 3) {
    const bits = ((sha256[at] ?? 0) << 16) | ((sha256[at + 1] ?? 0) << 8) | (sha256[at + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) key += ALPHABET[(bits >> shift) & 63] ?? ''
  }
  return key
}
