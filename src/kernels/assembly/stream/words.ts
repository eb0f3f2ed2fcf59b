import { AT_SEGMENT } from '../../tcp-layout'

/** Where the segment is that is taken. */
export const SEGMENT: u32 = AT_SEGMENT

export function segment(at: u32): i32 {
  return load<i32>(SEGMENT + 4 * at)
}

export function setSegment(at: u32, value: i32): void {
  store<i32>(SEGMENT + 4 * at, value)
}

export function word(at: u32, i: u32): i32 {
  return load<i32>(at + 4 * i)
}

export function setWord(at: u32, i: u32, value: i32): void {
  store<i32>(at + 4 * i, value)
}
