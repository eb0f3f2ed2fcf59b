// Rows (model/row.ts) become packed rows (packed-row.ts), and a privacy policy is applied to them: nothing behind this
// holds what the policy hides.

import { hash } from 'node:crypto'
import { MAX_INLINE_REST } from '../base/limits.js'
import type { RowCursor } from '../model/row.js'
import {
  ROW_BODY_LEN,
  ROW_CONFLICT,
  ROW_COMMUNITY_ID,
  ROW_DELTA_LEN,
  ROW_DST,
  ROW_DST_PORT,
  ROW_ECH,
  ROW_ENCAPSULATED,
  ROW_FLAGS,
  ROW_HELLO_LEN,
  ROW_ID,
  ROW_IP_VERSION,
  ROW_LINE_EVIDENCE,
  ROW_LINE_PROFILE,
  ROW_LINE_PROFILE_END,
  ROW_LINE_REST,
  ROW_LINE_SNI,
  ROW_LINE_SNI_END,
  ROW_NO_SYN,
  ROW_ORIGIN_LEN,
  ROW_QUIC_VERSION,
  ROW_RECORD_VERSION,
  ROW_SECTIONS,
  ROW_SRC,
  ROW_SRC_PORT,
  ROW_TEXT,
  ROW_TRANSPORT,
} from '../model/row.js'
import type { PrivacyPolicy } from '../privacy/privacy.js'
import { isKeepAll } from '../privacy/privacy.js'
import { BodyTable } from './body-table.js'
import type { Entry, Part } from './packed-row.js'
import {
  BODY_HEAD,
  PACKED_BODY,
  PACKED_COMMUNITY_ID,
  PACKED_DST,
  PACKED_DST_PORT,
  PACKED_ECH,
  PACKED_FLAGS,
  PACKED_HAS_SNI,
  PACKED_HELLO_LEN,
  PACKED_ID,
  PACKED_LENGTHS,
  PACKED_ORIGIN,
  PACKED_REST_PART,
  PACKED_SRC_PORT,
  PACKED_TRUST_SHIFT,
  PACKED_UNCONFIRMED,
  PACKED_V6,
  PART_ID_LEN,
} from './packed-row.js'
import { TRUST_CONFIRMED, TRUST_CONFLICT, TRUST_NO_SYN, TRUST_PLAIN } from './readings.js'
import { shortText } from './rest-text.js'
import { hiddenId, hiddenName, hiddenRest, keptAddress } from './row-privacy.js'
import { orderValues, sortedValues } from './values.js'

/** `{"time":"` and a time of 27 characters with its quote. */
const LINE_ORIGIN = 37
/** `}` and newline. */
const LINE_END = 2
const SNI_HEAD_LEN = ',"sni":"'.length
const CONFIRMED = Buffer.from('"confirmed":true')
/** Parts remembered; entries that wait hold their own. */
const MAX_PARTS = 50_000
const TEXT_DELTA = Buffer.from([ROW_TEXT])
const NOTHING = Buffer.alloc(0)

/** Packs rows. Remembers parts, so that a row like one before costs little. */
export class RowPacker {
  readonly #policy: PrivacyPolicy | undefined
  readonly #parts = new Map<string, Part>()
  readonly #bodies = new BodyTable(BODY_HEAD)
  readonly #orders = new Map<string, readonly string[]>()
  readonly #texts = new Map<string, Buffer>()
  /** Values of an order, by its body and all of them. */
  readonly #values = new Map<string, readonly string[]>()
  /** Rows that were left out: a store keeps sightings by address, and EAP over a LAN has none. */
  withoutAddress = 0
  /** Times bytes were given that are no rows: what follows the last sound one is left out. */
  unsound = 0
  #slab: Buffer = NOTHING
  #at = 0

  constructor(policy?: PrivacyPolicy) {
    this.#policy = policy === undefined || isKeepAll(policy) ? undefined : policy
  }

  /** Packs the rows of `cursor`, from where it is to its end. */
  pack(cursor: RowCursor): Entry[] {
    const { bytes: all } = cursor
    const bytes = Buffer.from(all.buffer, all.byteOffset, all.length)
    const packed: Omit<Entry, 'slab'>[] = []
    // a packed row is shorter than the row it is made of, but for an id that is longer than an empty rest
    const room = bytes.length - cursor.end
    if (this.#slab.length < room) this.#slab = Buffer.allocUnsafeSlow(2 * room)
    this.#at = 0
    while (cursor.next())
      if (cursor.u8(ROW_IP_VERSION) === 0) this.withoutAddress++
      else packed.push(this.#one(cursor, bytes))
    if (cursor.end < all.length) this.unsound++
    // kept for as long as an entry waits: no larger than what it holds
    const slab = Buffer.from(this.#slab.subarray(0, this.#at))
    return packed.map((entry) => Object.assign(entry, { slab }))
  }

  #one(row: RowCursor, bytes: Buffer): Omit<Entry, 'slab'> {
    const policy = this.#policy
    const out = this.#slab
    const off = this.#at
    const { line } = row
    const isV6 = row.u8(ROW_IP_VERSION) === 6
    const addressLen = isV6 ? 16 : 4
    const flags = row.u8(ROW_FLAGS)
    const transport = row.u8(ROW_TRANSPORT)
    const evidenceOff = row.lineOff(ROW_LINE_EVIDENCE)
    const restOff = row.lineOff(ROW_LINE_REST)
    const lineEnd = row.end - LINE_END
    let delta: Buffer = bytes.subarray(
      row.off + ROW_SECTIONS,
      row.off + ROW_SECTIONS + row.u16(ROW_DELTA_LEN),
    )
    const sniOff = row.lineOff(ROW_LINE_SNI)
    const sniLen = row.lineOff(ROW_LINE_SNI_END) - sniOff
    const profileOff = row.lineOff(ROW_LINE_PROFILE)
    const profileEnd = row.lineOff(ROW_LINE_PROFILE_END)
    const profile = bytes.subarray(profileOff, profileEnd)
    let sni: Buffer = bytes.subarray(sniOff, sniOff + sniLen)
    let bodyOff = delta.byteOffset - bytes.byteOffset + delta.length
    let bodyEnd = bodyOff + row.u32(ROW_BODY_LEN)
    if (policy !== undefined && policy.sni !== 'on') {
      sni = hiddenName(policy, sni)
      // a hello that is not split may hold a name anywhere: what it says is kept as text
      if ((delta[0] ?? 0) === 0) {
        delta = TEXT_DELTA
        bodyOff = profileOff
        bodyEnd = profileEnd
      }
    }
    const body = this.#body(row, bytes, transport, delta, bodyOff, bodyEnd, profile)
    const originEnd = line + LINE_ORIGIN + row.u16(ROW_ORIGIN_LEN)
    const encapsulation =
      (flags & ROW_ENCAPSULATED) === 0
        ? ''
        : encapsulationIn(
            bytes.toString('latin1', originEnd, sniLen > 0 ? sniOff - SNI_HEAD_LEN : profileOff),
          )
    const origin = this.#part(
      `${bytes.toString('latin1', line + LINE_ORIGIN, originEnd)}\0${encapsulation}`,
    )
    const isConfirmed = lineEnd > restOff && bytes.subarray(restOff, lineEnd).includes(CONFIRMED)
    const isConflict = (flags & ROW_CONFLICT) !== 0
    const hasNoSyn = (flags & ROW_NO_SYN) !== 0
    const isUnconfirmed = !isConfirmed && (transport !== 0 || hasNoSyn || isConflict)
    const trust = isConfirmed
      ? TRUST_CONFIRMED
      : isConflict
        ? TRUST_CONFLICT
        : transport === 0 && hasNoSyn
          ? TRUST_NO_SYN
          : TRUST_PLAIN
    const ip =
      policy === undefined
        ? foldMapped(bytes.toString('latin1', row.off + ROW_SRC, row.off + ROW_SRC + addressLen))
        : keptAddress(
            policy,
            bytes.subarray(row.off + ROW_SRC, row.off + ROW_SRC + addressLen),
            row.timeMicros,
          )
    const hidesAddress = policy !== undefined && policy.address !== 'full'
    let text: Buffer = bytes.subarray(evidenceOff, restOff)
    let rest: Part | undefined
    const long =
      policy === undefined
        ? bytes.subarray(restOff, lineEnd)
        : hiddenRest(policy, bytes.subarray(restOff, lineEnd))
    if (long.length > MAX_INLINE_REST) {
      rest = this.#part(long.toString('latin1'))
      text = Buffer.concat([this.#text(text), Buffer.from(rest.id, 'latin1')])
    } else if (long.length === 0) text = this.#text(text)
    else
      text = this.#text(
        long.byteOffset === text.byteOffset + text.length
          ? bytes.subarray(evidenceOff, lineEnd)
          : Buffer.concat([text, long]),
      )

    out.writeDoubleBE(row.timeMicros, off)
    const id = bytes.subarray(row.off + ROW_ID, row.off + ROW_ID + 8)
    ;(hidesAddress ? hiddenId(id) : id).copy(out, off + PACKED_ID)
    out.write(body.id, off + PACKED_BODY, 'latin1')
    out.write(origin.id, off + PACKED_ORIGIN, 'latin1')
    const port = row.u16(ROW_SRC_PORT)
    put16(out, off + PACKED_SRC_PORT, port)
    put16(out, off + PACKED_DST_PORT, row.u16(ROW_DST_PORT))
    out[off + PACKED_FLAGS] =
      (isV6 ? PACKED_V6 : 0) |
      ((flags & ROW_COMMUNITY_ID) !== 0 && !hidesAddress ? PACKED_COMMUNITY_ID : 0) |
      ((flags & ROW_ECH) !== 0 ? PACKED_ECH : 0) |
      (rest !== undefined ? PACKED_REST_PART : 0) |
      (sni.length > 0 ? PACKED_HAS_SNI : 0) |
      (isUnconfirmed ? PACKED_UNCONFIRMED : 0) |
      (trust << PACKED_TRUST_SHIFT)
    const helloLen = row.u32(ROW_HELLO_LEN)
    out[off + PACKED_HELLO_LEN] = helloLen >> 16
    put16(out, off + PACKED_HELLO_LEN + 1, helloLen & 0xffff)
    bytes.copy(out, off + PACKED_DST, row.off + ROW_DST, row.off + ROW_DST + addressLen)
    let at = off + PACKED_DST + addressLen
    put16(out, at, sniLen)
    put16(out, at + 2, sni.length)
    put16(out, at + 4, delta.length)
    put16(out, at + 6, text.length)
    at += PACKED_LENGTHS
    at += sni.copy(out, at)
    at += delta.copy(out, at)
    at += text.copy(out, at)
    this.#at = at
    const values = this.#order(body, delta, profile)
    return {
      off,
      len: at - off,
      micros: row.timeMicros,
      ip,
      port,
      isUnconfirmed,
      body,
      origin,
      rest,
      values,
    }
  }

  #body(
    row: RowCursor,
    bytes: Buffer,
    transport: number,
    delta: Buffer,
    from: number,
    end: number,
    profile: Buffer,
  ): Part {
    const record = row.u16(ROW_RECORD_VERSION)
    const quic = row.u32(ROW_QUIC_VERSION)
    const known = this.#bodies.find(bytes, from, end, transport, record, quic)
    if (known !== undefined) return known
    // one name for hellos that differ only in what their text leaves out: none does
    const head = String.fromCharCode(
      ...[transport, record >> 8, record & 0xff, quic >>> 24, (quic >> 16) & 0xff],
      ...[(quic >> 8) & 0xff, quic & 0xff],
    )
    const part = this.#part(
      head + bytes.toString('latin1', from, end),
      () => sortedValues(profile),
      () => {
        const example = Buffer.alloc(2 + delta.length)
        put16(example, 0, delta.length)
        delta.copy(example, 2)
        return example
      },
    )
    this.#bodies.add(part, end - from)
    return part
  }

  #order(body: Part, delta: Buffer, profile: Buffer): readonly string[] {
    const key = body.id + delta.toString('latin1')
    let values = this.#orders.get(key)
    if (values === undefined) {
      // GREASE makes many deltas of one order: its values are one object
      const made = orderValues(profile)
      const all = body.id + made.join('')
      values = this.#values.get(all) ?? made
      if (this.#values.size >= MAX_PARTS) this.#values.clear()
      this.#values.set(all, values)
      if (this.#orders.size >= MAX_PARTS) this.#orders.clear()
      this.#orders.set(key, values)
    }
    return values
  }

  /** Text of members as it is kept. */
  #text(text: Buffer): Buffer {
    if (text.length === 0) return text
    const key = text.toString('latin1')
    let short = this.#texts.get(key)
    if (short === undefined) {
      short = Buffer.from(shortText(key), 'latin1')
      if (this.#texts.size >= MAX_PARTS) this.#texts.clear()
      this.#texts.set(key, short)
    }
    return short
  }

  /** The part of these bytes, in latin1; what stands in front of them does not count for its id. */
  #part(
    text: string,
    valuesOf: () => readonly string[] = () => [],
    frontOf: () => Buffer = () => NOTHING,
  ): Part {
    let part = this.#parts.get(text)
    if (part === undefined) {
      const bytes = Buffer.from(text, 'latin1')
      const id = hash('sha256', bytes, 'buffer').toString('latin1', 0, PART_ID_LEN)
      part = { id, bytes: Buffer.concat([frontOf(), bytes]), values: valuesOf() }
      if (this.#parts.size >= MAX_PARTS) this.#parts.clear()
      this.#parts.set(text, part)
    }
    return part
  }
}

const MAPPED = '\0\0\0\0\0\0\0\0\0\0\xff\xff'

/** An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) as the IPv4 it holds. */
function foldMapped(ip: string): string {
  return ip.length === 16 && ip.startsWith(MAPPED) ? ip.slice(MAPPED.length) : ip
}

/** The members `vlan` and `tunnel` at the end of a line's front. */
function encapsulationIn(front: string): string {
  return /(?:,"vlan":\d+)?(?:,"tunnel":"[^"]*")?$/.exec(front)?.[0] ?? ''
}

function put16(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value >> 8
  bytes[at + 1] = value
}
