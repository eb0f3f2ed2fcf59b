// The knowledge base as it is stored: what tools/learn writes and identification reads. All of it was learnt from captures
// of clients that a person labelled.

/** Number of the stored form; another number is another form. */
export const BASE_FORMAT = 1

/** Where labelled captures come from, and under which licence they may be used. */
export interface SourceData {
  readonly name: string
  readonly licence: string
}

/** A labelled capture of one client. */
export interface ClientData {
  /** Name of the capture. */
  readonly label: string
  /** The library's version as the answer words it, `3.0` or `chromium 131`; empty where it is not known. */
  readonly version: string
  readonly application: string
  /** Index into `sources`. */
  readonly source: number
  /** What it claims to be, where its hello imitates another client's: `chrome_131`. It is never an answer. */
  readonly imitates?: string
}

/** One profile that clients of one library have. */
export interface RowData {
  /** Index into `families`. */
  readonly f: number
  /** Indices into `clients`. */
  readonly c: readonly number[]
  /** Indices into `tokens`, ascending. */
  readonly t: readonly number[]
  /** Extension types in wire order. */
  readonly o: readonly number[]
  /** Whether the client changes the order of its extensions from hello to hello. */
  readonly p?: 1
  /** Versions beside its clients' that nothing tells from those. */
  readonly v?: readonly string[]
}

/** A TLS library. */
export interface FamilyData {
  readonly name: string
  /** Tokens that tell its versions apart and their weights in thousandths, in turn. */
  readonly versionWeights: readonly number[]
  /** Those that tell its applications apart, likewise: what they say beyond the version. */
  readonly applicationWeights: readonly number[]
  /** Whether the user's own captures alone made it known. */
  readonly isUsersOwn?: boolean
}

/** How sure an answer is, learnt from clients that were left out. */
export interface ConfidenceData {
  /** Coefficients of the logistic regression: constant, similarity, margin, order, foreign, missing. */
  readonly coefficients: readonly number[]
  /** Pairs of regression's value and share of right answers, both ascending. */
  readonly calibration: readonly (readonly [number, number])[]
  /** Below this value of the regression the library is unknown. */
  readonly answerFrom: number
}

export interface BaseData {
  readonly format: number
  /** Date of learning and number of clients: `2026-11-30/374`. */
  readonly version: string
  readonly sources: readonly SourceData[]
  readonly families: readonly FamilyData[]
  readonly clients: readonly ClientData[]
  readonly tokens: readonly number[]
  /** Weight of each token in thousandths: what it says about the library. */
  readonly weights: readonly number[]
  readonly rows: readonly RowData[]
  readonly confidence: ConfidenceData
}
