import { isIP } from 'node:net'
import * as z from 'zod/mini'
import { parseEndpoint } from './endpoint.js'
import type { Option } from './option.js'
import { addressOrNet, named, portOrNone, positive } from './schemas.js'

/** Options of the API. */
export const API_OPTIONS = {
  host: {
    type: 'string',
    group: 'API',
    describe: 'address the API listens on',
    schema: z.string().check(
      z.refine((text) => isIP(text) !== 0 || text === 'localhost', {
        error: 'must be an IP address or localhost',
      }),
    ),
    default: '127.0.0.1',
  },
  'http-port': {
    type: 'number',
    group: 'API',
    describe: 'port of the API over HTTP; 0 disables it',
    schema: portOrNone,
    default: 8080,
  },
  'https-port': {
    type: 'number',
    group: 'API',
    describe: 'port of the API over HTTPS, with its own certificate; 0 disables it',
    schema: portOrNone,
    default: 8443,
  },
  'metrics-port': {
    type: 'number',
    group: 'API',
    describe: 'port of /metrics and /healthz of a sensor without API; 0 disables it',
    schema: portOrNone,
    default: 0,
  },
  'trusted-proxy': {
    type: 'list',
    group: 'API',
    describe:
      'addresses or networks of proxies whose X-Forwarded-For, X-Real-IP and X-Real-Port are trusted',
    shownDefault: 'none',
    schema: z.array(addressOrNet),
    default: [],
  },
  'access-log': {
    type: 'string',
    group: 'API',
    describe: "ADDRESS:PORT to receive nginx's access log by syslog, which supplies User-Agents",
    shownDefault: 'none',
    schema: z.optional(
      z.string().check(
        z.refine((text) => parseEndpoint(text) !== undefined, {
          error: 'must be an address and a port such as 127.0.0.1:5514',
        }),
      ),
    ),
    default: undefined,
  },
  'data-dir': {
    type: 'string',
    group: 'API',
    describe: 'folder of the certificate, the tokens and the Unix socket',
    shownDefault: '~/.local/share/hellotap',
    schema: z.optional(named('a folder')),
    default: undefined,
  },
  lists: {
    type: 'string',
    group: 'API',
    describe: 'file of imported fingerprint lists, allow and watch lists',
    shownDefault: 'lists.jsonl in --data-dir',
    schema: z.optional(named('a file')),
    default: undefined,
  },
  public: {
    type: 'boolean',
    group: 'API',
    describe:
      'answer /stats, /metrics and the full /healthz without a token even if --host is not a loopback address',
    schema: z.boolean(),
    default: false,
  },
  socket: {
    type: 'string',
    group: 'API',
    describe: 'Unix socket of the API with full rights for the user who runs it',
    shownDefault: 'api.sock in --data-dir',
    schema: z.optional(named('a file')),
    default: undefined,
  },
  'token-file': {
    type: 'string',
    group: 'API',
    describe: 'file with the token for a hellotap on another machine',
    shownDefault: 'none',
    schema: z.optional(named('a file')),
    default: undefined,
  },
  'request-rate': {
    type: 'number',
    group: 'API',
    describe:
      'requests per second an address may send while others send requests too; 0 means no limit',
    schema: z.int().check(
      z.refine((value) => value >= 0 && value <= 1_000_000, {
        error: 'must be a whole number from 0 to 1000000',
      }),
    ),
    default: 50,
  },
  'stats-floor': {
    type: 'number',
    group: 'API',
    describe: 'clients a row of /stats needs to be shown; smaller rows are summed',
    schema: positive(1_000_000),
    default: 1,
  },
} as const satisfies Record<string, Option>
