// Labelled clients become a knowledge base. Pure: the same clients make the same base.

import { BASE_FORMAT } from '../../src/knowledge/identify/base-data.js'
import type {
  BaseData,
  ClientData,
  ConfidenceData,
  FamilyData,
  RowData,
} from '../../src/knowledge/identify/base-data.js'
import { alikeVersions } from './alike-versions.js'
import type { Client } from './captures.js'
import { applicationOf, familyOf, imitationOf, versionOf } from './label.js'
import { informationOf } from './information.js'
import type { Sample } from './information.js'

/** Before any confidence is learnt: everything is answered. */
export const NO_CONFIDENCE: ConfidenceData = {
  coefficients: [0, 1],
  calibration: [
    [0, 0],
    [1, 1],
  ],
  answerFrom: 0,
}

/** Weights below this many thousandths of a bit are left out. */
const LEAST_WEIGHT = 50

export interface Learning {
  readonly version: string
  readonly confidence: ConfidenceData
  /** Source of each client; the first one where absent. */
  readonly sources: BaseData['sources']
}

/** Honest clients: those whose hello is the one of the library they are labelled with. */
export function honest(clients: readonly Client[]): Client[] {
  return clients.filter(({ label }) => imitationOf(label) === undefined)
}

/** The base of honest clients. */
export function learnBase(clients: readonly Client[], learning: Learning): BaseData {
  const families = [...new Set(clients.map(({ label }) => familyOf(label)))].sort()
  const tokenIndex = new Map<number, number>()
  for (const { profiles } of clients)
    for (const { tokens } of profiles) for (const token of tokens) tokenIndex.set(token, 0)
  const tokens = [...tokenIndex.keys()].sort((a, b) => a - b)
  tokens.forEach((token, index) => tokenIndex.set(token, index))
  const indicesOf = (set: ReadonlySet<number>): number[] =>
    [...set].map((token) => tokenIndex.get(token) ?? 0).sort((a, b) => a - b)

  const rows = new Map<string, { readonly row: RowData; readonly clients: number[] }>()
  const clientData: ClientData[] = []
  const samples: Sample[] = []
  clients.forEach(({ label, profiles, isPermuting }, client) => {
    const family = familyOf(label)
    const f = families.indexOf(family)
    clientData.push({
      label: label.label,
      version: versionOf(label),
      application: applicationOf(label),
      source: 0,
    })
    for (const { tokens: set, order } of profiles) {
      const t = indicesOf(set)
      samples.push({ group: family, tokens: t, weight: 1 / profiles.length })
      const key = rowKey(f, isPermuting, order, t)
      const known = rows.get(key)
      if (known === undefined)
        rows.set(key, {
          row: { f, c: [], t, o: order, ...(isPermuting ? { p: 1 } : {}) },
          clients: [client],
        })
      else if (known.clients.at(-1) !== client) known.clients.push(client)
    }
  })
  const alike = families.map((name, f) =>
    alikeVersions(
      clients.filter(({ label }) => familyOf(label) === name),
      ({ isPermuting, profiles }) =>
        profiles.map((profile) => rowKey(f, isPermuting, profile.order, indicesOf(profile.tokens))),
    ),
  )
  /** Versions that rows of `f` with these clients were not recorded with and may well be of. */
  const besides = (f: number, of: readonly number[]): string[] => {
    const own = new Set(of.map((client) => clientData[client]?.version ?? ''))
    const all = new Set([...own].flatMap((version) => alike[f]?.get(version) ?? []))
    return [...all].filter((version) => !own.has(version))
  }
  return {
    format: BASE_FORMAT,
    version: learning.version,
    sources: learning.sources,
    families: families.map((name) => familyData(name, clients, indicesOf, tokens.length)),
    clients: clientData,
    tokens,
    weights: informationOf(samples, tokens.length, Math.sqrt).map(thousandths),
    rows: [...rows.values()].map(({ row, clients: c }) => {
      const v = besides(row.f, c)
      return { ...row, c, ...(v.length === 0 ? {} : { v }) }
    }),
    confidence: learning.confidence,
  }
}

function rowKey(
  f: number,
  isPermuting: boolean,
  order: readonly number[],
  tokens: readonly number[],
): string {
  return `${f} ${isPermuting ? '' : order.join()} ${tokens.join()}`
}

function familyData(
  name: string,
  clients: readonly Client[],
  indicesOf: (set: ReadonlySet<number>) => number[],
  size: number,
): FamilyData {
  const members = clients.filter(({ label }) => familyOf(label) === name)
  const by = (groupOf: (client: Client) => string): number[] =>
    informationOf(
      members.flatMap((client) =>
        client.profiles.map(({ tokens }) => ({
          group: groupOf(client),
          tokens: indicesOf(tokens),
          weight: 1 / client.profiles.length,
        })),
      ),
      size,
      Math.sqrt,
    )
  const ofVersion = by(({ label }) => versionOf(label))
  const ofApplication = by(({ label }) => applicationOf(label))
  return {
    name,
    versionWeights: pairs(ofVersion),
    applicationWeights: pairs(ofApplication.map((bits, token) => bits - (ofVersion[token] ?? 0))),
  }
}

/** Token and weight in thousandths, in turn, of the weights that count. */
function pairs(weights: readonly number[]): number[] {
  return weights.flatMap((weight, token) => {
    const rounded = thousandths(weight)
    return rounded >= LEAST_WEIGHT ? [token, rounded] : []
  })
}

function thousandths(weight: number): number {
  return Math.round(weight * 1000)
}
