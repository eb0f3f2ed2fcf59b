import { ConfigError } from '../config.js'
import { openStore } from '../store/open-store.js'
import { limitsOf } from './capture-command.js'
import { log } from './log.js'
import { configOf } from './options.js'
import { startServing } from './serving.js'
import { stopSignal } from './stop-signal.js'

/** `serve`: the API over what `capture` wrote to Redis. Exit 0 when stopped, 1 when it cannot serve, 2 on bad usage. */
export async function serve(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  if (config.redis === undefined)
    throw new ConfigError(
      'serve needs --redis URL, where `capture` writes; `hellotap up` does without',
    )
  const signal = stopSignal()
  const store = await openStore(config.redis, limitsOf(config))
  try {
    const serving = await startServing(config, store, () => ({}))
    for (const url of serving.urls) log(`serving ${url}`)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await serving.close()
  } finally {
    await store.close()
  }
  return 0
}
