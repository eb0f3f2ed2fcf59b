const HEX = '0123456789abcdef'

/**
 * [off, end) as text that is safe to print: ASCII from space to `~` as it is, every other byte as \xhh.
 *
 * The backslash itself is `\x5c`, so that two different names never look the same. UTF-8 is bytes like any other.
 */
export function printable(bytes: Uint8Array, off: number, end: number): string {
  let text = ''
  for (let at = off; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x20 && byte <= 0x7e && byte !== 0x5c) text += String.fromCharCode(byte)
    else text += `\\x${HEX.charAt(byte >> 4)}${HEX.charAt(byte & 15)}`
  }
  return text
}

/** [off, end) as lower-case hex. */
export function hexText(bytes: Uint8Array, off: number, end: number): string {
  let text = ''
  for (let at = off; at < end; at++) {
    const byte = bytes[at] ?? 0
    text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15)
  }
  return text
}
