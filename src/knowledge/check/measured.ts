// How the rules did on the labelled captures. Written by `npm run score:check -- --write`.

/** What was counted, in clients: one capture each. */
export interface Measured {
  /** Date of the rules and number of labelled clients. */
  readonly version: string
  /** Honest clients with a User-Agent, and those that were accused. */
  readonly honest: number
  readonly accused: number
  /** Honest browsers among them. */
  readonly browsers: number
}

export const MEASURED: Measured = {
  version: '2026-11-30/1009',
  honest: 599,
  accused: 0,
  browsers: 278,
}

/** Confidence of the bound. */
const ALPHA = 0.05

/** The share of honest clients that the rules may accuse after all: Clopper and Pearson's upper bound, exact for none accused. */
export function upperBound({ honest, accused }: Measured): number {
  if (honest === 0) return 1
  // One-sided: the p at which so few accusations have a chance of 5 %.
  let low = 0
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (atMost(accused, honest, middle) > ALPHA) low = middle
    else high = middle
  }
  return high
}

/** Chance of `k` accusations or fewer among `n` clients, each accused with chance `p`. */
function atMost(k: number, n: number, p: number): number {
  let term = Math.pow(1 - p, n)
  let sum = term
  for (let i = 1; i <= k; i++) {
    term *= ((n - i + 1) / i) * (p / (1 - p))
    sum += term
  }
  return sum
}

/** `0 of 312 honest clients accused; < 1.0 % (95 %)`. */
export function boundText(measured: Measured): string {
  const percent = (100 * upperBound(measured)).toFixed(1)
  return `${measured.accused} of ${measured.honest} honest clients accused; < ${percent} % (95 %)`
}
