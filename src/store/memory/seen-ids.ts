/** Sightings by their ids, for as long as the same may come again: two halves of that time, the older forgotten as a whole. */
export class SeenIds<T> {
  readonly #spanMicros: number
  #now = new Map<string, T>()
  #before = new Map<string, T>()
  #turn = 0

  constructor(seconds: number) {
    this.#spanMicros = seconds * 1e6
  }

  find(id: string, nowMicros: number): T | undefined {
    this.#roll(nowMicros)
    return this.#now.get(id) ?? this.#before.get(id)
  }

  add(id: string, value: T, nowMicros: number): void {
    this.#roll(nowMicros)
    this.#now.set(id, value)
  }

  #roll(nowMicros: number): void {
    const turn = Math.floor(nowMicros / this.#spanMicros)
    if (turn === this.#turn) return
    this.#before = turn === this.#turn + 1 ? this.#now : new Map<string, T>()
    this.#now = new Map()
    this.#turn = turn
  }
}
