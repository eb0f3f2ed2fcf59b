// The knowledge base in memory: rows as typed arrays, with what is computed once of them.

import { compareVersions, readVersion } from './version.js'
import type { Version } from './version.js'
import { KIND, MISC, tokenOf } from './token.js'
import type { BaseData, ClientData, FamilyData, RowData } from './base-data.js'

/** Weight of a token that says nothing about the library, and of one the base does not know: bits. */
export const PLAIN_WEIGHT = 0.1
/** What says that a hello came over TCP, in QUIC or in DTLS. */
const TRANSPORT_TOKENS: ReadonlySet<number> = new Set(
  [0, 1, 2].map((transport) => tokenOf(KIND.misc, MISC.proto * 0x10000 + transport)),
)
/** Share of a family's rows that must hold a token for its absence to count. */
const USUAL = 0.9

/** What is known of one library. */
export interface Family {
  readonly name: string
  readonly rows: readonly number[]
  /** 1 for each token that some row of it holds. */
  readonly known: Uint8Array
  /** Tokens that nearly every row of it holds, and their weight together. */
  readonly usual: Int32Array
  readonly usualWeight: number
  /** Weight of each token among its own versions. */
  readonly versionWeights: Float64Array
  /** Weight of each token among its applications, versions aside. */
  readonly applicationWeights: Float64Array
  /** Whether the user's own captures alone made it known: the user says which applications have it. */
  readonly isUsersOwn: boolean
}

/** An index over the stored base. */
export class Base {
  readonly data: BaseData
  readonly families: readonly Family[]
  /** Index of each token. */
  readonly tokenIndex = new Map<number, number>()
  readonly weights: Float64Array
  /** Tokens of row i stand in `tokens` from `start[i]` to `start[i + 1]`. */
  readonly tokens: Int32Array
  readonly start: Int32Array
  readonly rowWeight: Float64Array
  /** Index of the token that says the transport of row i. */
  readonly transport: Int32Array
  readonly rows: readonly RowData[]
  readonly #clients: readonly (readonly ClientData[])[]
  readonly #versions: readonly (readonly Version[])[]
  readonly #tokenSets = new Map<number, ReadonlySet<number>>()

  constructor(data: BaseData) {
    this.data = data
    this.rows = data.rows
    const { rows } = data
    this.weights = Float64Array.from(data.weights, (weight) => PLAIN_WEIGHT + weight / 1000)
    data.tokens.forEach((token, index) => this.tokenIndex.set(token, index))
    this.start = new Int32Array(rows.length + 1)
    this.rowWeight = new Float64Array(rows.length)
    this.transport = new Int32Array(rows.length).fill(-1)
    const isTransport = data.tokens.map((token) => TRANSPORT_TOKENS.has(token))
    let total = 0
    for (const { t } of rows) total += t.length
    this.tokens = new Int32Array(total)
    let at = 0
    rows.forEach(({ t }, row) => {
      this.start[row] = at
      let weight = 0
      for (const token of t) {
        this.tokens[at++] = token
        if (isTransport[token] === true) this.transport[row] = token
        weight += this.weights[token] ?? 0
      }
      this.rowWeight[row] = weight
    })
    this.start[rows.length] = at
    const versions = data.clients.map(({ version }) => readVersion(version))
    this.#clients = rows.map(({ c }) => c.flatMap((client) => data.clients[client] ?? []))
    this.#versions = rows.map(({ c, v = [] }) =>
      [
        ...c.flatMap((client) => versions[client] ?? []),
        ...v.flatMap((text) => readVersion(text) ?? []),
      ].sort(compareVersions),
    )
    this.families = data.families.map((family, index) => this.#family(family, index))
  }

  /** The clients whose hellos have the profile of a row. */
  clientsOf(row: number): readonly ClientData[] {
    return this.#clients[row] ?? []
  }

  /** Their versions and those that nothing tells from them, oldest first. */
  versionsOf(row: number): readonly Version[] {
    return this.#versions[row] ?? []
  }

  /** The tokens of a row. */
  tokensOf(row: number): ReadonlySet<number> {
    let tokens = this.#tokenSets.get(row)
    if (tokens === undefined) {
      tokens = new Set(this.rows[row]?.t.map((index) => this.data.tokens[index] ?? 0))
      this.#tokenSets.set(row, tokens)
    }
    return tokens
  }

  #family(
    { name, versionWeights, applicationWeights, isUsersOwn = false }: FamilyData,
    index: number,
  ): Family {
    const size = this.weights.length
    const rows: number[] = []
    const counts = new Uint16Array(size)
    this.rows.forEach(({ f, t }, row) => {
      if (f !== index) return
      rows.push(row)
      for (const token of t) counts[token] = (counts[token] ?? 0) + 1
    })
    const usual: number[] = []
    let usualWeight = 0
    counts.forEach((count, token) => {
      if (count < USUAL * rows.length || count === 0) return
      usual.push(token)
      usualWeight += this.weights[token] ?? 0
    })
    return {
      name,
      rows,
      known: Uint8Array.from(counts, (count) => (count > 0 ? 1 : 0)),
      usual: Int32Array.from(usual),
      usualWeight,
      versionWeights: spread(versionWeights, size),
      applicationWeights: spread(applicationWeights, size),
      isUsersOwn,
    }
  }
}

/** Weights of all tokens from pairs of token and weight in thousandths. */
function spread(pairs: readonly number[], size: number): Float64Array {
  const weights = new Float64Array(size)
  for (let i = 0; i + 1 < pairs.length; i += 2) weights[pairs[i] ?? 0] = (pairs[i + 1] ?? 0) / 1000
  return weights
}
