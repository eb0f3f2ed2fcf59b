// How sure an answer is: logistic regression over the evidence, then the share of right answers that clients left out of
// learning had at that value (isotonic regression; Zadrozny and Elkan 2002).

import type { ConfidenceData } from './base-data.js'
import type { Evidence } from './compare.js'

/** The regression's inputs, constant first. */
export function inputsOf(evidence: Evidence): number[] {
  const { similarity, margin, disorder, foreign, missing } = evidence
  return [1, similarity, margin, disorder, foreign, missing]
}

/** Value of the regression, 0 to 1. */
export function regressed(coefficients: readonly number[], inputs: readonly number[]): number {
  let sum = 0
  inputs.forEach((input, index) => (sum += input * (coefficients[index] ?? 0)))
  return 1 / (1 + Math.exp(-sum))
}

/** The share of right answers at a value of the regression: between two points of calibration, on the line between them. */
export function calibrated(calibration: ConfidenceData['calibration'], value: number): number {
  let [beforeAt, before] = calibration[0] ?? [0, 0]
  for (const [at, share] of calibration) {
    if (value <= at)
      return at === beforeAt
        ? share
        : before + ((share - before) * (value - beforeAt)) / (at - beforeAt)
    beforeAt = at
    before = share
  }
  return before
}
