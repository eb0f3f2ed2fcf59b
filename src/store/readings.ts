// Which of several hellos is the one to answer with. A packet that nobody vouches for never stands in front of one that the
// server answered or whose connection was seen from its SYN on; of readings that conflict only the server's word decides.

import { READINGS_SECONDS } from '../base/limits.js'

// How far a hello is to be trusted, two bits of a packed row.
/** Nothing speaks against it. */
export const TRUST_PLAIN = 0
/** TCP whose SYN was not seen: one spoofed packet is enough. */
export const TRUST_NO_SYN = 1
/** Another reading of its connection differs, and the server's answer did not decide. */
export const TRUST_CONFLICT = 2
/** The server answered this very hello. */
export const TRUST_CONFIRMED = 3

/** A hello of an address, as a store holds it. */
export interface Reading {
  /** The time it is kept under, microseconds. */
  readonly micros: number
  /** A TRUST_ number. */
  readonly trust: number
}

/** Whether no later reading of its connection can be the better one. */
export function isSettled(trust: number): boolean {
  return trust === TRUST_PLAIN || trust === TRUST_CONFIRMED
}

/**
 * Of an address's hellos from one port the one to answer with: the latest, unless that has no SYN and an older one is
 * settled; of readings that conflict the confirmed one, else one with the mark.
 *
 * @param newestFirst by time, newest first
 */
export function readingOfConnection<T extends Reading>(newestFirst: Iterable<T>): T | undefined {
  let conflict: T | undefined
  let unseen: T | undefined
  for (const reading of newestFirst) {
    if (conflict !== undefined && conflict.micros - reading.micros > READINGS_SECONDS * 1e6) break
    if (reading.trust === TRUST_CONFIRMED) return reading
    if (reading.trust === TRUST_PLAIN) return conflict ?? reading
    if (reading.trust === TRUST_CONFLICT) conflict ??= reading
    else unseen ??= reading
  }
  return conflict ?? unseen
}

/**
 * Of an address's hellos the one that stands for it: the latest settled one, else the latest.
 * @param newestFirst by time, newest first
 */
export function readingOfAddress<T extends Reading>(newestFirst: Iterable<T>): T | undefined {
  let latest: T | undefined
  for (const reading of newestFirst) {
    if (isSettled(reading.trust)) return reading
    latest ??= reading
  }
  return latest
}
