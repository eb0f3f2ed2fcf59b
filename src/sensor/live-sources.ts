import { LiveSource } from '../capture/live/live-source.js'
import type { LiveOptions } from '../capture/live/live-options.js'
import { tunnelPortsOf } from '../model/tunnel-port.js'
import type { Config } from '../config.js'
import { launcherFolder } from './privilege-separation.js'

/** Groups among which the kernel deals out flows have a number of 16 bits; each of this process' interfaces its own. */
const GROUPS = 65_536
let groups = 0

/**
 * The sources of one interface as configured: one, or several with the interface's flows dealt out among them. Both
 * directions of a flow come to the same one.
 */
export function liveSources(config: Config, options: LiveOptions): LiveSource[] {
  const settings: LiveOptions = {
    ...options,
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
