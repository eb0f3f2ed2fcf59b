import { tunnelPortsOf } from '../model/tunnel-port.js'
import { captureFilter } from '../capture/filter/capture-filter.js'
import { LIVE_PORTS } from '../config.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'

/** `filter`: the libpcap expression the sensor gives to the kernel, one line on stdout. Exit 0, 2 on bad usage. */
export function filter(args: Readonly<Record<string, unknown>>): number {
  const config = configOf(args)
  const { ports = LIVE_PORTS, tunnels, server, 'http-ports': httpPorts } = config
  const tunnelPorts = tunnelPortsOf(config['tunnel-port']).map(({ port }) => port)
  print(`${captureFilter(ports, { tunnels, tunnelPorts, server, httpPorts })}\n`)
  return 0
}
