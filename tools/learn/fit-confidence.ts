// How sure answers are, from clients that were left out: a logistic regression, then isotonic calibration of its value.

import type { ConfidenceData } from '../../src/knowledge/identify/base-data.js'
import { calibrated, regressed } from '../../src/knowledge/identify/confidence.js'
import type { Result } from '../score/leave-out.js'

/** Share of all weight that hellos of libraries the base does not know are given. */
const STRANGERS = 0.15
/** Ridge penalty, in clients: keeps coefficients finite where all answers are right. */
const RIDGE = 0.5
const NEWTON_STEPS = 40
/** No answer claims more, however many were right. */
const MOST = 0.99
/** Of hellos of libraries the base does not know, and of all others: the share that may be named falsely. */
const STRANGERS_NAMED = 0.015
const OTHERS_WRONG = 0.003
/** No answer is given that is right less often. */
const LEAST_CONFIDENCE = 0.95

interface Weighted {
  readonly inputs: readonly number[]
  readonly right: number
  readonly weight: number
}

/** Fits the confidence of answers to results of left-out clients. */
export function fitConfidence(results: readonly Result[]): ConfidenceData {
  const samples = weighted(results)
  const coefficients = fitLogistic(samples)
  const values = samples.map(({ inputs, right, weight }) => ({
    value: regressed(coefficients, inputs),
    right,
    weight,
  }))
  const calibration = isotonic(values)
  return {
    coefficients: coefficients.map(fourDigits),
    calibration,
    answerFrom: answerFromOf(coefficients, calibration, results),
  }
}

/** A client's results of one split weigh one together; strangers weigh their share. */
function weighted(results: readonly Result[]): Weighted[] {
  let known = 0
  let strange = 0
  for (const { knows, share } of results)
    if (knows.family) known += share
    else strange += share
  const factor = strange === 0 ? 0 : (STRANGERS * known) / ((1 - STRANGERS) * strange)
  return results.map(({ inputs, isRight, share, knows }) => ({
    inputs,
    right: isRight ? 1 : 0,
    weight: share * (knows.family ? 1 : Math.min(1, factor)),
  }))
}

/** Newton's method with a ridge penalty on all coefficients but the constant. */
function fitLogistic(samples: readonly Weighted[]): number[] {
  const size = samples[0]?.inputs.length ?? 0
  let coefficients = new Array<number>(size).fill(0)
  for (let step = 0; step < NEWTON_STEPS; step++) {
    const gradient = new Array<number>(size).fill(0)
    const hessian = Array.from({ length: size }, () => new Array<number>(size).fill(0))
    for (const { inputs, right, weight } of samples) {
      const value = regressed(coefficients, inputs)
      const slope = weight * value * (1 - value)
      for (let i = 0; i < size; i++) {
        gradient[i] = (gradient[i] ?? 0) + weight * (right - value) * (inputs[i] ?? 0)
        const row = hessian[i] ?? []
        for (let j = 0; j < size; j++)
          row[j] = (row[j] ?? 0) + slope * (inputs[i] ?? 0) * (inputs[j] ?? 0)
      }
    }
    for (let i = 0; i < size; i++) {
      const ridge = i === 0 ? 1e-6 : RIDGE
      gradient[i] = (gradient[i] ?? 0) - ridge * (coefficients[i] ?? 0)
      const row = hessian[i] ?? []
      row[i] = (row[i] ?? 0) + ridge
    }
    const change = solve(hessian, gradient)
    coefficients = coefficients.map((coefficient, i) => coefficient + (change[i] ?? 0))
    if (change.every((value) => Math.abs(value) < 1e-6)) break
  }
  return coefficients
}

/** Gaussian elimination with pivots; `matrix` and `right` are used up. */
function solve(matrix: number[][], right: number[]): number[] {
  const size = right.length
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column + 1; row < size; row++)
      if (Math.abs(matrix[row]?.[column] ?? 0) > Math.abs(matrix[pivot]?.[column] ?? 0)) pivot = row
    const pivotRow = matrix[pivot] ?? []
    matrix[pivot] = matrix[column] ?? []
    matrix[column] = pivotRow
    const pivotRight = right[pivot] ?? 0
    right[pivot] = right[column] ?? 0
    right[column] = pivotRight
    for (let row = 0; row < size; row++) {
      if (row === column) continue
      const target = matrix[row] ?? []
      const factor = (target[column] ?? 0) / (pivotRow[column] ?? 1)
      for (let k = column; k < size; k++) target[k] = (target[k] ?? 0) - factor * (pivotRow[k] ?? 0)
      right[row] = (right[row] ?? 0) - factor * pivotRight
    }
  }
  return right.map((value, i) => value / (matrix[i]?.[i] ?? 1))
}

/** Pool adjacent violators; each block's share of right answers is shrunk by one right and one wrong client. */
function isotonic(
  values: readonly { readonly value: number; readonly right: number; readonly weight: number }[],
): [number, number][] {
  const blocks: { first: number; last: number; right: number; weight: number }[] = []
  const share = (block: { right: number; weight: number }): number => block.right / block.weight
  for (const { value, right, weight } of [...values].sort((a, b) => a.value - b.value)) {
    if (weight === 0) continue
    let block = { first: value, last: value, right: right * weight, weight }
    for (
      let last = blocks.at(-1);
      last !== undefined && share(last) >= share(block);
      last = blocks.at(-1)
    ) {
      blocks.pop()
      block = {
        first: last.first,
        last: block.last,
        right: last.right + block.right,
        weight: last.weight + block.weight,
      }
    }
    blocks.push(block)
  }
  return blocks.flatMap(({ first, last, right, weight }) => {
    const likely = fourDigits(Math.min(MOST, (right + 1) / (weight + 2)))
    const points: [number, number][] = [[fourDigits(first), likely]]
    if (last > first) points.push([fourDigits(last), likely])
    return points
  })
}

/** The least value of the regression from which on false names are as rare as they must be. */
function answerFromOf(
  coefficients: readonly number[],
  calibration: ConfidenceData['calibration'],
  results: readonly Result[],
): number {
  let known = 0
  let strange = 0
  for (const { knows, share } of results)
    if (knows.family) known += share
    else strange += share
  let wrong = 0
  let named = 0
  let from = 1
  const sorted = results
    .map(({ inputs, isRight, knows, share }) => ({
      value: regressed(coefficients, inputs),
      isRight,
      isKnown: knows.family,
      share,
    }))
    .sort((a, b) => b.value - a.value)
  for (const { value, isRight, isKnown, share } of sorted) {
    if (!isKnown) named += share
    else if (!isRight) wrong += share
    if (named > STRANGERS_NAMED * strange || wrong > OTHERS_WRONG * known) break
    if (calibrated(calibration, value) < LEAST_CONFIDENCE) break
    from = value
  }
  return fourDigits(from)
}

function fourDigits(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
