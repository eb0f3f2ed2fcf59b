import { SEGMENT_WORDS } from '../../../base/block-layout'
import { AT_MADE, AT_RUN, AT_SEGMENT } from '../../tcp-layout'

/** Where the segment is that is taken. */
export let at: u32 = AT_SEGMENT

/** Turns to the one segment at AT_SEGMENT. */
export function useSegment(): void {
  at = AT_SEGMENT
}

/** Turns to segment `i` of those at AT_RUN. */
export function useSegmentOfRun(i: u32): void {
  at = AT_RUN + 4 * SEGMENT_WORDS * i
}

export function segment(i: u32): i32 {
  return load<i32>(at + 4 * i)
}

export function setMade(i: u32, value: i32): void {
  store<i32>(AT_MADE + 4 * i, value)
}

export function word(at: u32, i: u32): i32 {
  return load<i32>(at + 4 * i)
}

export function setWord(at: u32, i: u32, value: i32): void {
  store<i32>(at + 4 * i, value)
}
