import { safeLine } from '../telemetry/log.js'

/** How a check came out; `unknown` where this system or this user cannot find out. */
export type Outcome = 'ok' | 'warning' | 'failed' | 'unknown'

/** One thing the doctor looked at. */
export interface Check {
  /** What: a word or two, the same in every run. */
  readonly name: string
  readonly outcome: Outcome
  /** What is so, a sentence without its full stop. */
  readonly text: string
  /** What to do about it. */
  readonly remedy?: string
}

const SHOWN: Record<Outcome, string> = {
  ok: 'ok',
  warning: 'warning',
  failed: 'FAILED',
  unknown: '?',
}

/** The checks for a person: a line each, the remedy below it. */
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

/** What an error says, without what follows its first line. */
export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}
