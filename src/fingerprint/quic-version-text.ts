const VERSION_2 = 0x6b33_43cf
/** First three bytes of the drafts of version 1, the fourth is the draft's number (RFC 9000 §15 before it was one). */
const DRAFT_BYTES = 0xff_0000

/** A version of QUIC in words: `1` (RFC 9000), `2` (RFC 9369), `draft-29`, any other as `0x` and eight hex digits. */
export function quicVersionText(version: number): string {
  if (version === 1) return '1'
  if (version === VERSION_2) return '2'
  if (version >>> 8 === DRAFT_BYTES) return `draft-${version & 0xff}`
  return `0x${version.toString(16).padStart(8, '0')}`
}

/** The version that quicVersionText writes as `text`, or undefined where it writes none so. */
export function quicVersionOf(text: string): number | undefined {
  let version = 0
  const draft = /^draft-(\d{1,3})$/.exec(text)
  if (draft !== null) version = DRAFT_BYTES * 0x100 + Number(draft[1])
  else if (text === '2') version = VERSION_2
  else if (/^(1|0x[0-9a-f]{8})$/.test(text)) version = Number(text)
  return quicVersionText(version) === text ? version : undefined
}
