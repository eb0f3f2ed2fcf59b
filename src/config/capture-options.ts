import * as z from 'zod/mini'
import {
  CAPTURE_RING_BYTES,
  CAPTURE_TIMEOUT_MILLIS,
  FLOW_LIMIT_BYTES,
  MAX_FANOUT,
  MAX_FRAME_LEN,
  SNAPLEN,
} from '../base/limits.js'
import { TUNNEL_KINDS, tunnelPortOf } from '../model/tunnel-port.js'
import type { Option } from './option.js'
import { named, positive, serverPort, serverPorts } from './schemas.js'

/** Options of the live capture: interfaces, ports, the kernel's ring and filter. */
export const CAPTURE_OPTIONS = {
  interface: {
    type: 'list',
    alias: 'i',
    group: 'Capture',
    describe: 'interfaces to capture on',
    shownDefault: 'the interface of the default route, and loopback',
    schema: z.array(named('an interface')),
    default: [],
  },
  ports: {
    type: 'list',
    alias: 'p',
    group: 'Capture',
    describe: 'TCP and UDP ports of TLS servers to watch: numbers, ranges such as 400-500, or any',
    shownDefault: '443,8443 live, any in files',
    schema: z.optional(serverPorts),
    default: undefined,
  },
  engine: {
    type: 'string',
    group: 'Capture',
    describe:
      'capture engine: native (libpcap, kernel timestamps, exact drop counts) or cap (npm package cap)',
    shownDefault: 'native if it is built',
    schema: z.optional(z.enum(['native', 'cap'], 'must be native or cap')),
    default: undefined,
  },
  ring: {
    type: 'number',
    group: 'Capture',
    describe: "MiB of the kernel's capture ring per interface",
    schema: positive(2_047),
    default: CAPTURE_RING_BYTES >> 20,
  },
  snaplen: {
    type: 'number',
    group: 'Capture',
    describe: 'bytes kept of each frame',
    schema: positive(MAX_FRAME_LEN),
    default: SNAPLEN,
  },
  'capture-timeout': {
    type: 'number',
    group: 'Capture',
    describe: 'milliseconds the kernel may collect frames before it delivers them (native engine)',
    schema: positive(1_000),
    default: CAPTURE_TIMEOUT_MILLIS,
  },
  immediate: {
    type: 'boolean',
    group: 'Capture',
    describe: 'deliver each frame at once; every frame then takes a ring slot of the largest size',
    schema: z.boolean(),
    default: false,
  },
  fanout: {
    type: 'number',
    group: 'Capture',
    describe: 'capture processes per interface; the kernel distributes the flows among them',
    schema: positive(MAX_FANOUT),
    default: 1,
  },
  tunnels: {
    type: 'boolean',
    group: 'Capture',
    describe:
      'pass all tunnelled traffic through the in-kernel filter: VXLAN, GENEVE, GRE, ERSPAN, GTP-U, IP in IP, MPLS, PPPoE and more; --no-tunnels turns it off',
    shownDefault: 'true',
    schema: z.boolean(),
    default: true,
  },
  'tunnel-port': {
    type: 'list',
    group: 'Capture',
    describe:
      'additional UDP ports of tunnels as KIND=PORT, such as vxlan=7777 (kinds: vxlan, vxlan-gpe, geneve, gtpu, teredo, mpls, tzsp, hp-erm, capwap, l2tp, lisp, esp)',
    schema: z.array(
      z.string().check(
        z.refine((text) => tunnelPortOf(text) !== undefined, {
          error: `must be KIND=PORT, KIND one of ${TUNNEL_KINDS.join(', ')}`,
        }),
      ),
    ),
    default: [],
  },
  'flow-limit': {
    type: 'number',
    group: 'Capture',
    describe:
      'bytes the kernel passes per TCP flow and direction (needs CAP_BPF and the native engine); 0 passes all',
    schema: z.int().check(
      z.refine((value) => value === 0 || (value >= 1_024 && value <= 1 << 30), {
        error: 'must be 0, or from 1024 to 1073741824',
      }),
    ),
    default: FLOW_LIMIT_BYTES,
  },
  'http-ports': {
    type: 'list',
    group: 'Capture',
    describe: 'ports of plain HTTP servers, such as 80, whose requests supply User-Agents',
    shownDefault: 'none',
    schema: z.array(serverPort),
    default: [],
  },
} as const satisfies Record<string, Option>
