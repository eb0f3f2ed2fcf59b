// One line of nginx's access log as its syslog logger sends it: RFC 3164 §4 around what log_format makes, which is JSON here.
//
//   <190>Nov 23 01:02:03 host nginx: {"remote_addr":"192.0.2.7","remote_port":"40000","http_user_agent":"curl/8"}
//   PRI  TIMESTAMP       HOSTNAME TAG CONTENT

import * as z from 'zod/mini'
import { canonicalAddress } from './address.js'
import { parsePort } from './forwarded.js'

/** What a line tells: who came from which port, and what it calls itself. */
export interface AccessLine {
  readonly ip: string
  readonly port: number
  /** "" where the client said none. */
  readonly userAgent: string
}

/** Characters in which the content must have begun: PRI, timestamp, a host name of 255 and a tag of 32. */
const MAX_HEADER = 320

const Content = z.object({
  remote_addr: z.string(),
  remote_port: z.union([z.string(), z.number()]),
  http_user_agent: z.optional(z.string()),
})

/** The line in a datagram; undefined where it is none. Takes any bytes. */
export function parseAccessLine(datagram: Buffer): AccessLine | undefined {
  const text = datagram.toString('utf8')
  if (!/^<\d{1,3}>/.test(text)) return undefined
  const begin = text.indexOf('{')
  if (begin < 0 || begin > MAX_HEADER) return undefined
  let value: unknown
  try {
    value = JSON.parse(text.slice(begin))
  } catch {
    return undefined
  }
  const content = Content.safeParse(value)
  if (!content.success) return undefined
  const { remote_addr, remote_port, http_user_agent = '' } = content.data
  const ip = canonicalAddress(remote_addr)
  const port = parsePort(String(remote_port))
  if (ip === undefined || port === undefined) return undefined
  // nginx writes "-" for a header that was not sent, unless it escapes for JSON
  return { ip, port, userAgent: http_user_agent === '-' ? '' : http_user_agent }
}
