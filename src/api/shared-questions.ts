/**
 * Questions that several ask at one time are asked once. A question that has begun is not joined, since its answer may be
 * older than who comes now: all who come meanwhile share the next.
 */
export class SharedQuestions<T> {
  readonly #ask: (key: string) => Promise<T>
  readonly #running = new Map<string, { readonly answer: Promise<T>; next?: Promise<T> }>()

  constructor(ask: (key: string) => Promise<T>) {
    this.#ask = ask
  }

  ask(key: string): Promise<T> {
    const running = this.#running.get(key)
    if (running === undefined) return this.#begin(key)
    const begin = () => this.#begin(key)
    return (running.next ??= running.answer.then(begin, begin))
  }

  #begin(key: string): Promise<T> {
    const answer = this.#ask(key).finally(() => {
      if (running.next === undefined) this.#running.delete(key)
    })
    const running: { readonly answer: Promise<T>; next?: Promise<T> } = { answer }
    this.#running.set(key, running)
    return answer
  }
}
