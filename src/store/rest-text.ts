// The members of a line that stores keep as text are short and much alike. What stands in many of them is kept as one byte
// below 0x20, which JSON text never holds (RFC 8259 §7). The numbers are part of the stored format: the list only grows.

const WORDS = [
  ',"evidence":"1 ',
  'x25519_shared=0 ',
  'x25519_shared=1 ',
  'k=1,1216,32 ',
  'k=1216,32 ',
  'k=65,32 ',
  'k=1,32 ',
  'k=32 ',
  'ech=1,1,32,',
  'sid=32 ',
  'pad=',
  'psk=',
  'rec=',
  ' syn=64,64240,1460,7,mstnw,df"',
  ' syn=64,64240,',
  ' syn=64,65535,',
  ' syn=128,',
  ' syn=64,',
  ',nnt,df"',
  ',df"',
  ',"quality":["',
  ',"confirmed":true',
  ',"hrr_of":"',
  'no-syn"]',
  'hrr"]',
  'g=a',
  '1460,',
  '1448,',
] as const

const CODES = new Map(WORDS.map((word, i) => [String.fromCharCode(i + 1), word]))

/** Text of JSON members, bytes in latin1, with a byte for each known word. */
export function shortText(text: string): string {
  let short = text
  for (const [code, word] of CODES) short = short.replaceAll(word, code)
  return short
}

/** The text again. */
export function longText(short: string): string {
  return short.replace(/[\x01-\x1f]/g, (code) => CODES.get(code) ?? '')
}
