import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

/** Adds a gauge without labels. An undefined value gives no sample. */
export function addGauge(
  registry: Registry,
  name: string,
  help: string,
  value: () => number | undefined | Promise<number | undefined>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.remove()
      const now = await value()
      if (now !== undefined) this.set(now)
    },
  })
}

/** Adds a counter without labels. An undefined value gives 0. */
export function addCounter(
  registry: Registry,
  name: string,
  help: string,
  value: () => number | undefined,
): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset()
      this.inc(value() ?? 0)
    },
  })
}
