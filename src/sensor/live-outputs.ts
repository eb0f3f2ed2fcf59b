import type { Config } from '../config.js'
import type { LinesSink } from './sinks.js'
import type { EventLog } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'
import { openConsumers } from '../open-outputs.js'

/** The outputs of a live capture. */
export interface LiveOutputs {
  readonly put: LinesSink
  /** Writes the sightings that the history holds in memory. */
  roll(): Promise<void>
  close(): Promise<void>
}

/** Whether sightings also go to outputs or a history. */
export function hasOutputs({ output, format, history }: Config): boolean {
  return output.length > 0 || format !== undefined || history !== undefined
}

/**
 * Opens the outputs of `--format`, `-o` and `--history`. SIGHUP reopens output files by their names, for logrotate; SIGUSR2
 * rotates them.
 * @throws ConfigError, OutputError
 */
export async function openLiveOutputs(config: Config, log: EventLog): Promise<LiveOutputs> {
  const { consumers, outputs, history } = await openConsumers(config, {
    isLive: true,
    onHistory: (event, sentence, isBad) => log[isBad ? 'error' : 'info'](event, sentence),
    onStuck: (target, reason) =>
      log.error(
        'output-stuck',
        `output ${target} cannot be written: ${reason}. Sightings wait up to a limit, later sightings are dropped and counted; capture goes on`,
        { target },
      ),
    onFree: (target, dropped) =>
      log.info(
        'output-back',
        `output ${target} is written again; ${count(dropped, 'sighting')} dropped`,
        {
          target,
          dropped,
        },
      ),
  })
  const lost = () => (outputs?.dropped ?? 0) + (history?.counts.dropped ?? 0)
  const reopen = () => outputs?.reopen()
  const rotate = () => outputs?.rotate()
  process.on('SIGHUP', reopen).on('SIGUSR2', rotate)
  return {
    put: (lines, counters) => {
      const before = lost()
      const waits = consumers.flatMap((each) => each.put(lines) ?? [])
      counters.sightings_unwritten += lost() - before
      if (waits.length > 0) return Promise.all(waits).then(() => undefined)
    },
    roll: async () => history?.roll(),
    close: async () => {
      process.off('SIGHUP', reopen).off('SIGUSR2', rotate)
      const before = lost()
      for (const each of consumers) await each.close()
      const dropped = lost() - before
      if (dropped > 0)
        log.error('output-lost', `${count(dropped, 'sighting')} lost that waited for an output`, {
          dropped,
        })
    },
  }
}
