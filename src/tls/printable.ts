const HEX = '0123456789abcdef'

/**
 * [off, end) as text that is safe to print: ASCII from space to `~` as it is, every other octet as \xhh.
 *
 * The backslash itself is `\x5c`, so that two different names never look the same. UTF-8 is octets like any other.
 */
export function printable(bytes: Uint8Array, off: number, end: number): string {
  let text = ''
  for (let at = off; at < end; at++) {
    const octet = bytes[at] ?? 0
    if (octet >= 0x20 && octet <= 0x7e && octet !== 0x5c) text += String.fromCharCode(octet)
    else text += `\\x${HEX.charAt(octet >> 4)}${HEX.charAt(octet & 15)}`
  }
  return text
}

/** [off, end) as lower-case hex. */
export function hexText(bytes: Uint8Array, off: number, end: number): string {
  let text = ''
  for (let at = off; at < end; at++) {
    const octet = bytes[at] ?? 0
    text += HEX.charAt(octet >> 4) + HEX.charAt(octet & 15)
  }
  return text
}
