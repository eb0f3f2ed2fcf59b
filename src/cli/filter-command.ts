import { captureFilter } from '../capture/filter/capture-filter.js'
import { LIVE_PORTS } from '../config.js'
import { configOf } from './options.js'
import { print } from './print.js'

/** `filter`: the libpcap expression the sensor gives to the kernel, one line on stdout. Exit 0, 2 on bad usage. */
export function filter(args: Readonly<Record<string, unknown>>): number {
  const { ports = LIVE_PORTS, tunnels, server, 'http-ports': httpPorts } = configOf(args)
  print(`${captureFilter(ports, { tunnels, server, httpPorts })}\n`)
  return 0
}
