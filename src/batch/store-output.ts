import type { Config } from '../config.js'
import { writerLimits } from '../config.js'
import { linesOfRows } from '../model/row.js'
import { ConsumersOutput } from '../output/lines-output.js'
import type { LinesConsumer } from '../output/lines-output.js'
import { openSightingStore } from '../sighting-store.js'
import type { Store, StoreHealth } from '../store/contract.js'
import { log } from '../telemetry/log.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import type { ReadOutput } from '../open-outputs.js'

/** What `read --redis` puts rows into, and what became of them. */
export interface StoreOutput extends ReadOutput {
  /** Prints what became of the sightings. @returns whether all are kept */
  report(isQuiet: boolean): boolean
}

/**
 * Opens the store of `--redis` for captures; `others` get the lines of the rows.
 * @throws StoreError
 */
export async function openStoreOutput(
  config: Config,
  others: readonly LinesConsumer[],
): Promise<StoreOutput> {
  const limits = writerLimits(config)
  const store = await openSightingStore(
    config.redis,
    // a capture may be read again at any time while its sightings are held
    config.dedupe ? { ...limits, dedupeSeconds: limits.ttlSeconds } : limits,
    { clock: config['as-of'] === 'now' ? 'now' : 'own', privacy: privacyPolicy(config) },
  )
  let health: StoreHealth | undefined
  const output = new ConsumersOutput([storeConsumer(store), ...others.map(lineConsumer)])
  return Object.assign(output, {
    isPatient: true,
    close: async () => {
      await output.room()
      await store.drain()
      health = store.health()
      await store.close()
      for (const each of others) await each.close()
    },
    report: (isQuiet: boolean) => health === undefined || report(health, isQuiet, config),
  })
}

function storeConsumer(store: Store): LinesConsumer {
  return {
    put: (rows) => (store.put(rows) ? undefined : store.room()),
    close: () => Promise.resolve(),
  }
}

function lineConsumer(consumer: LinesConsumer): LinesConsumer {
  return { put: (rows) => consumer.put(linesOfRows(rows)), close: () => consumer.close() }
}

function report(health: StoreHealth, isQuiet: boolean, config: Config): boolean {
  const { stored, merged, refused, dropped, spooled, lost } = health
  const folder = config['spool-dir']
  const missing = folder === undefined ? dropped + spooled : dropped
  if (!isQuiet)
    log(
      `store: ${stored} stored, ${merged} known already, ${health.too_old} too old, ${refused} refused, ${missing} dropped, ${lost} lost`,
    )
  if (spooled > 0 && folder !== undefined)
    log(`hellotap: ${spooled} sightings wait in ${folder} for the next run with --spool-dir`)
  if (health.too_old > 0)
    log(
      `hellotap: ${health.too_old} sightings are older than --ttl and were not stored: add --as-of now to keep them from now on`,
    )
  return health.too_old === 0 && missing === 0
}
