/** Where rows of text go. */
export interface Sink {
  /**
   * Takes whole rows in their order. A promise asks the caller to wait before the next call.
   * @returns rows dropped, which the caller counts @throws OutputClosed, OutputError
   */
  put(rows: readonly string[]): number | Promise<number>
  /** Writes what waits, as far as that is possible. @returns rows that were lost */
  close(): Promise<number>
}

/** What carries rows to another program. */
export interface Transport {
  /**
   * Resolves when the rows are handed over; rejects if they may not have arrived.
   * @returns how many of the first rows that holds for; undefined: for all of them
   */
  send(rows: readonly string[]): Promise<Sent | undefined>
  close(): Promise<void>
}

/** What became of the first `rows` rows of those sent. */
export interface Sent {
  readonly rows: number
  /** How many of them the receiver refuses for good. */
  readonly refused: number
}

/** How an operator hears of an output that cannot be written. */
export interface SinkEvents {
  readonly onStuck?: (target: string, reason: string) => void
  readonly onFree?: (target: string, dropped: number) => void
}
