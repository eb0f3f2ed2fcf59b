// Clients that permute their extensions make a new `ja3_string`, `ja4_ro`, `npf` and `tls_fp` with every hello, 1 kB of text
// that differs in the order of sixteen numbers. A history keeps the sorted forms, which repeat, and the order: one byte an
// extension. The texts are made from both again.

/** Rank of a GREASE extension (RFC 8701), which ja3 leaves out and npf keeps. */
const GREASE = 255
const GREASE_TYPE = 0x0a0a
const MOST_EXTENSIONS = 254
/** Profiles remembered; a network shows some hundreds. */
const MOST_PROFILES = 4_096

/** The texts that depend on the wire's order; a value is absent if the sighting has none. */
export interface WireTexts {
  readonly ja3_string?: string | undefined
  readonly ja4_ro?: string | undefined
  readonly npf?: string | undefined
  /** tls_fp's extensions. */
  readonly extensions?: string | undefined
}

/** The texts that do not. */
export interface SortedTexts {
  readonly ja3n_string?: string | undefined
  readonly ja4_r?: string | undefined
  readonly npf1?: string | undefined
  /** tls_fp's extensions, sorted. */
  readonly extensions?: string | undefined
}

const ELEMENT = /\(([0-9a-f]{4})[0-9a-f]*\)/g

/** What hellos have in common that differ in the order of their extensions alone. */
export class WireProfile {
  readonly sorted: SortedTexts
  readonly #types: readonly string[]
  readonly #hex: readonly string[]
  /** The pieces of the texts as `isJoined` compares them. */
  readonly #pieces: Readonly<Record<'ja3' | 'ja4' | 'npf' | 'extensions', Pieces>>
  /** Of npf: the text of each extension by rank, and of GREASE. */
  readonly #elements: string[]
  readonly #rankOf = new Map<number, number>([[GREASE_TYPE, GREASE]])
  /** By rank, the extensions that tls_fp has. */
  readonly #kept: readonly (string | undefined)[]
  readonly #ja3: readonly [string, string]
  readonly #ja4: readonly [string, string]
  readonly #npf: string

  private constructor(sorted: SortedTexts, ja3n: string) {
    this.sorted = sorted
    const [version = '', ciphers = '', list = '', ...rest] = ja3n.split(',')
    this.#types = list === '' ? [] : list.split('-')
    this.#hex = this.#types.map(hexOf)
    for (const [rank, type] of this.#types.entries()) this.#rankOf.set(Number(type), rank)
    this.#ja3 = [`${version},${ciphers},`, [``, ...rest].join(',')]
    const [a = '', , , ...algorithms] = sorted.ja4_r?.split('_') ?? []
    const hexCiphers = ciphers === '' ? '' : ciphers.split('-').map(hexOf).join(',')
    this.#ja4 = [`${a}_${hexCiphers}_`, ['', ...algorithms].join('_')]
    const npf1 = sorted.npf1 ?? ''
    const open = npf1.indexOf('[')
    this.#npf = `${npf1.slice(0, open).replace('/1/', '/')}(`
    this.#elements = new Array<string>(256).fill('')
    for (const [element, type = ''] of npf1.slice(open).matchAll(ELEMENT))
      this.#elements[this.#rankOf.get(parseInt(type, 16)) ?? MOST_EXTENSIONS] = element
    const kept = new Set(sorted.extensions?.split(','))
    this.#kept = this.#types.map((type) => (kept.has(type) ? type : undefined))
    this.#pieces = {
      ja3: piecesOf(this.#types, '-'),
      ja4: piecesOf(this.#hex, ','),
      npf: piecesOf(this.#elements, ''),
      extensions: piecesOf(this.#kept, ','),
    }
  }

  /** The profile of these texts; undefined if there is no list of extensions among them, or one without end. */
  static of(sorted: SortedTexts): WireProfile | undefined {
    const { ja3n_string } = sorted
    const types = ja3n_string?.split(',')[2]?.split('-') ?? []
    if (ja3n_string === undefined || types.length > MOST_EXTENSIONS) return undefined
    return new WireProfile(sorted, ja3n_string)
  }

  /** Whether these are its texts; the list of tls_fp is compared in its order by `texts`. */
  is({ ja3n_string, ja4_r, npf1 }: SortedTexts): boolean {
    const own = this.sorted
    return own.npf1 === npf1 && own.ja4_r === ja4_r && own.ja3n_string === ja3n_string
  }

  /** The order of the extensions on the wire, as ranks among the sorted ones; undefined if it does not fit. */
  orderOf({ npf, ja3_string }: WireTexts): Uint8Array | undefined {
    const ranks: number[] = []
    if (npf !== undefined && !npf.startsWith('quic/')) {
      for (let at = npf.indexOf('((') + 1; at > 0 && at < npf.length - 1;) {
        const rank = this.#rankOf.get(hex4(npf, at + 1))
        if (rank === undefined) return undefined
        ranks.push(rank)
        const close = npf.indexOf(')', at)
        if (close < 0) return undefined
        at = close + 1
      }
    } else {
      const list = ja3_string?.split(',')[2]
      if (list === undefined) return undefined
      for (const type of list === '' ? [] : list.split('-')) {
        const rank = this.#rankOf.get(Number(type))
        if (rank === undefined) return undefined
        ranks.push(rank)
      }
    }
    return Uint8Array.from(ranks)
  }

  /** Which of the texts `texts` makes again in this order. It compares them piece by piece, and makes none. */
  made(order: Uint8Array, texts: WireTexts): Record<keyof WireTexts, boolean> {
    const { ja4_r, npf1, extensions } = this.sorted
    const { ja3_string, ja4_ro, npf } = texts
    return {
      ja3_string: isJoined(ja3_string, this.#ja3, order, this.#pieces.ja3),
      ja4_ro:
        ja4_r === undefined
          ? ja4_ro === undefined
          : isJoined(ja4_ro, this.#ja4, order, this.#pieces.ja4),
      npf:
        npf1 === undefined
          ? npf === undefined
          : isJoined(npf, [this.#npf, ')'], order, this.#pieces.npf),
      extensions:
        extensions === undefined
          ? texts.extensions === undefined
          : isJoined(texts.extensions, ['', ''], order, this.#pieces.extensions),
    }
  }

  /** The texts in this order. npf stands by itself for QUIC, and is not made. */
  texts(order: Uint8Array): WireTexts {
    const [ja3Head, ja3Tail] = this.#ja3
    const [ja4Head, ja4Tail] = this.#ja4
    let list = ''
    let hex = ''
    let npf = this.#npf
    let extensions = ''
    for (let i = 0; i < order.length; i++) {
      const rank = order[i] ?? 0
      npf += this.#elements[rank] ?? ''
      if (rank === GREASE) continue
      const type = this.#types[rank] ?? ''
      list += list === '' ? type : `-${type}`
      hex += hex === '' ? (this.#hex[rank] ?? '') : `,${this.#hex[rank]}`
      if (this.#kept[rank] !== undefined) extensions += extensions === '' ? type : `,${type}`
    }
    const { ja4_r, npf1, extensions: sorted } = this.sorted
    return {
      ja3_string: ja3Head + list + ja3Tail,
      ja4_ro: ja4_r === undefined ? undefined : ja4Head + hex + ja4Tail,
      npf: npf1 === undefined ? undefined : `${npf})`,
      extensions: sorted === undefined ? undefined : extensions,
    }
  }
}

/** Profiles by what they have in common, the most recent ones. */
export class WireProfiles<Extra> {
  readonly #profiles = new Map<string, { readonly profile: WireProfile; readonly extra: Extra }[]>()
  #count = 0

  /**
   * The profile of these texts with its extra for which `fits` holds, made if there is none. Profiles of the same `key` are
   * compared: a short one is hashed sooner than the texts.
   * @returns undefined if there is no list of extensions to make one of
   */
  find(
    key: string | undefined,
    sorted: SortedTexts,
    fits: (extra: Extra) => boolean,
    make: () => { readonly sorted: SortedTexts; readonly extra: Extra },
  ): { readonly profile: WireProfile; readonly extra: Extra } | undefined {
    if (key === undefined) return undefined
    const known = this.#profiles.get(key)
    if (known !== undefined)
      for (const each of known) if (each.profile.is(sorted) && fits(each.extra)) return each
    const made = make()
    const profile = WireProfile.of(made.sorted)
    if (profile === undefined) return undefined
    if (this.#count++ >= MOST_PROFILES) {
      this.#profiles.clear()
      this.#count = 1
    }
    const each = { profile, extra: made.extra }
    this.#profiles.set(key, [...(this.#profiles.get(key) ?? []), each])
    return each
  }
}

/** By rank, what stands at the beginning of a list and what stands after another piece. */
interface Pieces {
  readonly first: readonly (string | undefined)[]
  readonly later: readonly (string | undefined)[]
}

function piecesOf(first: readonly (string | undefined)[], separator: string): Pieces {
  if (separator === '') return { first, later: first }
  return { first, later: first.map((piece) => piece && separator + piece) }
}

/** Whether `text` is the head, the pieces of these ranks, and the tail. */
function isJoined(
  text: string | undefined,
  [head, tail]: readonly [string, string],
  order: Uint8Array,
  { first, later }: Pieces,
): boolean {
  if (text?.startsWith(head) !== true) return false
  let at = head.length
  for (let i = 0; i < order.length; i++) {
    const rank = order[i] as number
    const piece = (at === head.length ? first : later)[rank]
    if (piece === undefined) continue
    if (!text.startsWith(piece, at)) return false
    at += piece.length
  }
  return text.length === at + tail.length && text.endsWith(tail)
}

function hexOf(decimal: string): string {
  return Number(decimal).toString(16).padStart(4, '0')
}

/** The number in four hex digits; NaN or wrong where there are none, which no type is. */
function hex4(text: string, at: number): number {
  let value = 0
  for (let i = 0; i < 4; i++) {
    const code = text.charCodeAt(at + i)
    value = value * 16 + (code < 0x3a ? code - 0x30 : code - 0x57)
  }
  return value
}

/** A list of numbers, joined by commas, in ascending order. */
export function sortedList(list: string): string {
  return list
    .split(',')
    .sort((a, b) => Number(a) - Number(b))
    .join(',')
}
