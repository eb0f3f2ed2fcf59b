import type { Expression } from './parser.js'
import { dayEndOf, millisOf } from './times.js'

/** Bounds of time that all matches keep: of comparisons that must hold, not of those that may. */
export function timeBounds(
  expression: Expression | undefined,
  now: number,
): { readonly from: number | undefined; readonly to: number | undefined } {
  let from: number | undefined
  let to: number | undefined
  const visit = (part: Expression): void => {
    if (part.kind === 'and') part.parts.forEach(visit)
    // `new` needs all sightings before its time, so it bounds nothing
    if (part.kind !== 'comparison' || part.name !== 'time') return
    const [value] = part.values
    if (value === undefined || part.values.length > 1) return
    const millis = millisOf(value.text, value.column, now)
    if (['>', '>=', '='].includes(part.operator)) from = Math.max(from ?? millis, millis)
    const last =
      part.operator === '=' ? (dayEndOf(value.text, value.column, now) ?? millis) : millis
    if (['<', '<=', '='].includes(part.operator)) to = Math.min(to ?? last, last)
  }
  if (expression !== undefined && !mentionsNew(expression)) visit(expression)
  return { from, to }
}

function mentionsNew(expression: Expression): boolean {
  if (expression.kind === 'comparison') return expression.name === 'new_since'
  return expression.kind === 'not'
    ? mentionsNew(expression.part)
    : expression.parts.some(mentionsNew)
}
