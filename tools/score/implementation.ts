// Tables 1 to 6: which implementation made a hello.

import type { Client } from '../learn/captures.js'
import { familyOf } from '../learn/label.js'
import { SPLITS, leaveOut } from './leave-out.js'
import type { Split } from './leave-out.js'
import {
  calibrationBins,
  judge,
  outcomes,
  scoreApplications,
  scoreKnownVersions,
  scoreUnseenVersions,
  wilson,
} from './tables.js'
import type { Judged, Outcome } from './tables.js'

/** The seed that deals the clients into parts. */
export const SEED = 20_261_130

/** What every table is made of. */
export interface Scored {
  readonly clients: number
  readonly of: Readonly<Record<Split, readonly Outcome[]>>
}

export function score(clients: readonly Client[]): Scored {
  const splits = Object.keys(SPLITS) as Split[]
  const judged = judge(leaveOut(clients, splits), SEED)
  const of = (split: Split): Outcome[] =>
    outcomes(judged.filter((result) => result.split === split))
  return {
    clients: clients.length,
    of: {
      client: of('client'),
      application: of('application'),
      version: of('version'),
      family: of('family'),
    },
  }
}

export function scoreImplementation(clients: readonly Client[], isDetailed: boolean): string {
  const { of } = score(clients)
  const families = new Set(clients.map(({ label }) => familyOf(label)))
  const bins = calibrationBins([...of.client, ...of.application, ...of.version])
  const known = scoreKnownVersions(of.client)
  const apart = scoreKnownVersions(of.client.filter(({ main }) => main.family !== 'BoringSSL'))
  const unseen = scoreUnseenVersions(of.version)
  const inSet = scoreApplications(of.client)
  const alone = scoreApplications(of.application)
  const parts = [
    `Honest clients: ${clients.length} of ${families.size} libraries. A client is a capture; counts are of clients.`,
    '',
    '1. Library, of clients that were not learnt',
    '| left out | clients | answered | right of answered |',
    '| --- | --- | --- | --- |',
    ...(['client', 'application', 'version'] as const).map((split) => libraryRow(split, of[split])),
    '',
    '2. Clients of a library that was left out whole',
    strangersLine(of.family),
    '',
    `3. Calibration: error ${bins.error.toFixed(3)}`,
    '| claimed | clients | mean claim | right | overconfident |',
    '| --- | --- | --- | --- | --- |',
    ...bins.bins.map(
      ({ from, count, claimed, right, isOverconfident }) =>
        `| ≥ ${from} | ${count} | ${claimed.toFixed(3)} | ${right.toFixed(3)} | ${isOverconfident ? 'yes' : 'no'} |`,
    ),
    '',
    '4. Version known to the base',
    `within the answered range: ${ratio(known.within, known.total)}; versions in the range on average: ${known.meanRange.toFixed(2)}, BoringSSL aside ${apart.meanRange.toFixed(2)}`,
    '',
    '5. Version left out',
    `answered range holds it, or a known version beside it: ${ratio(unseen.within, unseen.total)}`,
    '',
    '6. Applications',
    `known application in the set: ${ratio(inSet.within, inSet.known)}; median set: ${inSet.medianSet}`,
    `left-out application, another named alone: ${ratio(alone.named, alone.unseen)}`,
  ]
  if (isDetailed)
    parts.push(
      '',
      'Not answered, or wrong:',
      ...(['client', 'application', 'version', 'family'] as const).flatMap((split) =>
        of[split].flatMap((outcome) => missLine(split, outcome)),
      ),
      'Versions:',
      ...known.missed,
      ...unseen.missed,
      'Applications:',
      ...inSet.missed,
    )
  return parts.join('\n')
}

function libraryRow(split: Split, all: readonly Outcome[]): string {
  const of = all.filter(({ main }) => main.knows.family)
  const answered = of.filter(({ isAnswered }) => isAnswered)
  const right = answered.filter(({ isWrong }) => !isWrong)
  return `| ${split} | ${of.length} | ${ratio(answered.length, of.length)} | ${ratio(right.length, answered.length)} |`
}

function strangersLine(of: readonly Outcome[]): string {
  const named = of.filter(({ isWrong }) => isWrong)
  const [, most] = wilson(named.length, of.length)
  return `named falsely: ${ratio(named.length, of.length)}, at most ${percent(most)} (95 %)`
}

function missLine(split: Split, { client, isAnswered, isWrong, main }: Outcome): string[] {
  const isStranger = !main.knows.family
  if (isStranger ? !isWrong : isAnswered && !isWrong) return []
  const { nearest = [], library } = main.answer
  return [
    `${split} ${client} (${main.family}): ${isWrong ? 'WRONG ' : ''}${library} ${describe(main)} beside ${nearest[0]?.application ?? ''} ${nearest[0]?.versions ?? ''}`,
  ]
}

function describe({ confidence, inputs }: Judged): string {
  const [, similarity, margin, disorder, foreign, missing] = inputs.map((input) => input.toFixed(2))
  return `confidence ${confidence.toFixed(2)} similarity ${similarity ?? ''} margin ${margin ?? ''} disorder ${disorder ?? ''} foreign ${foreign ?? ''} missing ${missing ?? ''}`
}

function ratio(count: number, total: number): string {
  return `${count} of ${total} (${percent(total === 0 ? 0 : count / total)})`
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
