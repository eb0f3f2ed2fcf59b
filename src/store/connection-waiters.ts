import { CONNECTION_WAITERS } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'

interface Waiter {
  readonly sinceMicros: number
  readonly resolve: (sighting: Sighting | undefined) => void
}

/** One caller's wait. */
export interface Wait {
  /** The sighting, or undefined when none came in time or the wait was cancelled. */
  readonly sighting: Promise<Sighting | undefined>
  readonly cancel: () => void
}

/** Callers waiting for the hello of one address and port. Costs nothing to ask while nobody waits. */
export class ConnectionWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>()
  #count = 0

  /** Waits up to `waitMs` for the next sighting offered from there that is not older than `sinceMicros`. */
  wait(ip: string, port: number, sinceMicros: number, waitMs: number): Wait {
    if (waitMs <= 0 || this.#count >= CONNECTION_WAITERS)
      return { sighting: Promise.resolve(undefined), cancel: () => undefined }
    const key = `${ip} ${port}`
    let cancel: () => void = () => undefined
    const sighting = new Promise<Sighting | undefined>((resolve) => {
      const waiter: Waiter = {
        sinceMicros,
        resolve: (sighting) => {
          clearTimeout(timer)
          this.#remove(key, waiter)
          resolve(sighting)
        },
      }
      cancel = () => waiter.resolve(undefined)
      const timer = setTimeout(cancel, waitMs)
      const others = this.#waiting.get(key)
      if (others === undefined) this.#waiting.set(key, new Set([waiter]))
      else others.add(waiter)
      this.#count++
    })
    return { sighting, cancel }
  }

  /** Whether anybody waits for the hello from there. */
  isAwaited(ip: string, port: number): boolean {
    return this.#count > 0 && this.#waiting.has(`${ip} ${port}`)
  }

  /** Hands the sighting of an address and port, of a time in microseconds, to those who wait for it; it is made where one does. */
  offer(ip: string, port: number, micros: number, make: () => Sighting | undefined): void {
    if (this.#count === 0) return
    const waiters = [...(this.#waiting.get(`${ip} ${port}`) ?? [])].filter(
      ({ sinceMicros }) => micros >= sinceMicros,
    )
    if (waiters.length === 0) return
    const sighting = make()
    if (sighting !== undefined) for (const waiter of waiters) waiter.resolve(sighting)
  }

  /** Sends everyone away empty-handed. */
  close(): void {
    for (const waiters of [...this.#waiting.values()])
      for (const waiter of [...waiters]) waiter.resolve(undefined)
  }

  #remove(key: string, waiter: Waiter): void {
    const waiters = this.#waiting.get(key)
    if (waiters?.delete(waiter) !== true) return
    this.#count--
    if (waiters.size === 0) this.#waiting.delete(key)
  }
}
