import { reasonOf } from '../base/error-reason.js'
import { safeLine } from '../telemetry/log.js'

/** The result of a check; `unknown` if this system or this user cannot determine it. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'unknown'

/** One check of `doctor`. */
export interface Check {
  /** A word or two, the same in every run. */
  readonly name: string
  readonly outcome: Outcome
  /** The finding, a sentence without its full stop. */
  readonly text: string
  readonly remedy?: string
}

const SHOWN: Record<Outcome, string> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  unknown: '?',
}

/** The checks as text: a line each, the remedy below it. */
export function checksText(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 13)
  return checks
    .map(({ name, outcome, text, remedy }) => {
      const line = `  ${SHOWN[outcome].padEnd(7)}  ${name.padEnd(width)}  ${safeLine(text)}\n`
      return remedy === undefined ? line : `${line}${indent}→ ${safeLine(remedy)}\n`
    })
    .join('')
}

/** The first line of an error's message. */
export function firstLine(error: unknown): string {
  return reasonOf(error).split('\n')[0] ?? ''
}
