// Clients are identified by bases that did not learn them: of a client, an application, a version or a library left out.

import { answerOf } from '../../src/knowledge/identify/answer.js'
import type { Implementation } from '../../src/model/implementation.js'
import { Base } from '../../src/knowledge/identify/base.js'
import { Comparer } from '../../src/knowledge/identify/compare.js'
import { inputsOf } from '../../src/knowledge/identify/confidence.js'
import type { Client } from '../learn/captures.js'
import { applicationOf, familyOf, versionOf } from '../learn/label.js'
import { NO_CONFIDENCE, learnBase } from '../learn/learn-base.js'

/** What is left out at a time; clients without such a group are in no test of it. */
export const SPLITS = {
  client: ({ label }: Client) => label.label,
  application: ({ label }: Client) => applicationOf(label),
  version: ({ label }: Client) =>
    versionOf(label) === '' ? undefined : `${familyOf(label)} ${versionOf(label)}`,
  family: ({ label }: Client) => familyOf(label),
} as const
export type Split = keyof typeof SPLITS

/** One profile of a left-out client. */
export interface Result {
  readonly split: Split
  readonly client: Client
  readonly family: string
  /** Whether the base still knows the library, the version, the application. */
  readonly knows: {
    readonly family: boolean
    readonly version: boolean
    readonly application: boolean
  }
  /** Versions of the library that the base still knows. */
  readonly versions: readonly string[]
  /** Share of the client's hellos that have the profile. */
  readonly share: number
  readonly inputs: readonly number[]
  /** The answer as if all were answered. */
  readonly answer: Implementation
  readonly isRight: boolean
}

/** Every profile of every client, by bases that did not learn its group. */
export function leaveOut(clients: readonly Client[], splits: readonly Split[]): Result[] {
  return splits.flatMap((split) => {
    const groups = new Map<string, Client[]>()
    for (const client of clients) {
      const group = SPLITS[split](client)
      if (group === undefined) continue
      const members = groups.get(group)
      if (members === undefined) groups.set(group, [client])
      else members.push(client)
    }
    return [...groups.values()].flatMap((members) => identifyWithout(split, members, clients))
  })
}

function identifyWithout(
  split: Split,
  members: readonly Client[],
  all: readonly Client[],
): Result[] {
  const out = new Set(members)
  const rest = all.filter((client) => !out.has(client))
  const base = new Base(learnBase(rest, { version: '', confidence: NO_CONFIDENCE, sources: [] }))
  const comparer = new Comparer(base)
  return members.flatMap((client) => {
    const family = familyOf(client.label)
    const ofFamily = rest.filter(({ label }) => familyOf(label) === family)
    const versions = [...new Set(ofFamily.map(({ label }) => versionOf(label)))].filter(
      (version) => version !== '',
    )
    const total = client.profiles.reduce((sum, { count }) => sum + count, 0)
    return client.profiles.map(({ tokens, order, count }) => {
      const query = comparer.query(tokens, order)
      const comparison = comparer.compare(query)
      const answer = answerOf(comparer, query, comparison)
      return {
        split,
        client,
        family,
        knows: {
          family: ofFamily.length > 0,
          version: versions.includes(versionOf(client.label)),
          application: ofFamily.some(
            ({ label }) => applicationOf(label) === applicationOf(client.label),
          ),
        },
        versions,
        share: count / total,
        inputs: inputsOf(comparison.evidence),
        answer,
        isRight: answer.library === family,
      }
    })
  })
}
