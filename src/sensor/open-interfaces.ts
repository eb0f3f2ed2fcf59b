import type { Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import { CaptureError } from '../capture/capture-error.js'
import { defaultInterfaces } from '../capture/live/interfaces.js'
import type { LiveOptions } from '../capture/live/live-options.js'
import { LiveSource } from '../capture/live/live-source.js'
import type { Config } from '../config.js'
import { LIVE_PORTS } from '../config.js'
import { tunnelPortsOf } from '../model/tunnel-port.js'
import { UndecodedTraffic } from '../model/undecoded.js'
import { START_BYTES } from '../pipeline/prefilter.js'
import type { EventLog } from '../telemetry/event-log.js'
import { launcherFolder } from './privilege-separation.js'

/** Numbers of fanout groups have 16 bits (packet(7)); each interface of this process gets its own. */
const GROUPS = 65_536
let groups = 0

/** An interface that is captured. With `--fanout` it has several sources. */
export interface OpenInterface {
  readonly name: string
  readonly sources: readonly LiveSource[]
  readonly counters: Counters
  readonly undecoded: UndecodedTraffic
}

/**
 * Opens the configured interfaces, or the default ones. An interface that cannot be opened is logged and left out.
 * @throws CaptureError if none can be opened
 */
export async function openInterfaces(config: Config, log: EventLog): Promise<OpenInterface[]> {
  const wanted = config.interface.length > 0 ? config.interface : await defaultInterfaces()
  if (wanted.length === 0)
    throw new CaptureError(
      'NO_INTERFACE',
      'no interface to capture on: name one with -i; `hellotap interfaces` lists them',
    )
  const failures: CaptureError[] = []
  const opened: OpenInterface[] = []
  for (const name of new Set(wanted)) {
    const counters = newCounters()
    const sources = liveSources(config, {
      interface: name,
      counters,
      log: (line) => log.warn('capture', line, { interface: name }),
    })
    try {
      for (const source of sources) await source.open()
      opened.push({ name, sources, counters, undecoded: new UndecodedTraffic() })
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      for (const source of sources) source.close()
      failures.push(error)
    }
  }
  const [first] = failures
  if (opened.length === 0 && first !== undefined) throw first
  for (const { code, message } of failures) log.warn('interface-left-out', message, { code })
  return opened
}

/**
 * The sources of one interface: one, or with `--fanout` several among which the kernel spreads the flows. Both directions
 * of a flow come to the same source.
 */
function liveSources(config: Config, options: Omit<LiveOptions, 'ports'>): LiveSource[] {
  const settings: LiveOptions = {
    ...options,
    ports: config.ports ?? LIVE_PORTS,
    server: config.server,
    httpPorts: config['http-ports'],
    starts: START_BYTES,
    tunnels: config.tunnels,
    tunnelPorts: tunnelPortsOf(config['tunnel-port']).map(({ port }) => port),
    flowLimit: config['flow-limit'],
    engine: config.engine,
    ringBytes: config.ring << 20,
    snaplen: config.snaplen,
    timeoutMillis: config['capture-timeout'],
    immediate: config.immediate,
    launcher: launcherFolder(),
  }
  if (config.fanout === 1) return [new LiveSource(settings)]
  const fanoutGroup = (process.pid + groups++ * 256) % GROUPS
  return Array.from({ length: config.fanout }, () => new LiveSource({ ...settings, fanoutGroup }))
}
