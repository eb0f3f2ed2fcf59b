// What the checksums of SYNs were: Receiver, which has the same counts.

import { SYN_SAMPLE_MASK, WRONG_SYNS, WRONG_TO_RIGHT_SYNS } from '../../../base/limits'
import { AT_SUMS, SEGMENT_SUM, SUM_RIGHT, SUM_UNKNOWN } from '../../tcp-layout'
import { segment } from './words'

const RIGHT: u32 = AT_SUMS
const WRONG: u32 = AT_SUMS + 8
const SYNS: u32 = AT_SUMS + 16

/** Receiver.mostSumsAreRight */
export function mostSumsAreRight(): bool {
  return load<f64>(RIGHT) > load<f64>(WRONG)
}

/** Receiver.sumOfSyn */
export function sumOfSyn(): i32 {
  const wrong = load<f64>(WRONG)
  const isLikeAll = wrong >= WRONG_SYNS && load<f64>(RIGHT) * WRONG_TO_RIGHT_SYNS <= wrong
  if (isLikeAll && ((load<f64>(SYNS) as i64) & SYN_SAMPLE_MASK) != 0) return SUM_UNKNOWN
  return segment(SEGMENT_SUM)
}

/** Receiver.noteSyn */
export function noteSyn(sum: i32): void {
  store<f64>(SYNS, load<f64>(SYNS) + 1)
  if (sum == SUM_UNKNOWN) return
  const at = sum == SUM_RIGHT ? RIGHT : WRONG
  store<f64>(at, load<f64>(at) + 1)
}
