// Profiles that a user labelled, beside those of the release.

import type { BaseData, ClientData, FamilyData, RowData, SourceData } from './base-data.js'

/** One labelled profile: a line of the user's knowledge file. */
export interface OwnRow {
  readonly library: string
  readonly version?: string
  readonly application: string
  /** Where it comes from and under which licence it may be passed on. */
  readonly source: string
  readonly licence: string
  readonly tokens: readonly number[]
  readonly order: readonly number[]
  /** Whether the client changes the order of its extensions. */
  readonly permuting?: boolean
  /** Fingerprints of its hellos, by kind. */
  readonly fingerprints: Readonly<Record<string, readonly string[]>>
}

/** The base with the user's rows behind its own. Their new tokens weigh as those that say nothing about a library. */
export function withOwnRows(data: BaseData, own: readonly OwnRow[]): BaseData {
  const tokens = [...data.tokens]
  const weights = [...data.weights]
  const families: FamilyData[] = [...data.families]
  const clients: ClientData[] = [...data.clients]
  const sources: SourceData[] = [...data.sources]
  const rows: RowData[] = [...data.rows]
  const index = new Map(tokens.map((token, at) => [token, at]))
  for (const row of own) {
    let family = families.findIndex(({ name }) => name === row.library)
    if (family < 0)
      family =
        families.push({
          name: row.library,
          versionWeights: [],
          applicationWeights: [],
          isUsersOwn: true,
        }) - 1
    const source = sources.push({ name: row.source, licence: row.licence }) - 1
    const { version = '', application } = row
    const client = clients.push({ label: row.source, version, application, source }) - 1
    const t = row.tokens.map((token) => {
      let at = index.get(token)
      if (at === undefined) {
        at = tokens.push(token) - 1
        weights.push(0)
        index.set(token, at)
      }
      return at
    })
    t.sort((a, b) => a - b)
    const permuting = row.permuting === true ? { p: 1 as const } : {}
    rows.push({ f: family, c: [client], t, o: row.order, ...permuting })
  }
  return { ...data, tokens, weights, families, clients, sources, rows }
}
