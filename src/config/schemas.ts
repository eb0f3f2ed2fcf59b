// Schemas that several options share.

import { isIP } from 'node:net'
import * as z from 'zod/mini'
import { portsOf } from '../model/ports.js'

/** Whether `value` is a port from 1 to 65535. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
}

/** A port to listen on; 0 disables the listener. */
export const portOrNone = z.int().check(
  z.refine((value) => value === 0 || isPort(value), {
    error: 'must be a port from 1 to 65535, or 0 for none',
  }),
)

/** A server's port, also as text. */
export const serverPort = z.coerce
  .number()
  .check(z.refine(isPort, { error: 'must be a port from 1 to 65535' }))

/** Ports of servers: numbers, ranges such as 400-500, or `any`. */
export const serverPorts = z.pipe(
  z.array(
    z.coerce.string().check(
      z.refine((text) => portsOf(text) !== undefined, {
        error: 'must be ports from 1 to 65535, ranges such as 400-500, or any',
      }),
    ),
  ),
  z.transform((texts) => [...new Set(texts.flatMap((text) => portsOf(text) ?? []))]),
)

/** A whole number from 1 to `most`. */
export const positive = (most: number) =>
  z.int().check(
    z.refine((value) => value >= 1 && value <= most, {
      error: `must be a whole number from 1 to ${most}`,
    }),
  )

/** Text that names `what`: it must not be empty. */
export const named = (what: string) => z.string().check(z.minLength(1, `must name ${what}`))

/** An IP address, or a network as address/bits. */
export const addressOrNet = z.string().check(
  z.refine(
    (text) => {
      const [address = '', bits, ...rest] = text.split('/')
      const family = isIP(address)
      if (family === 0 || rest.length > 0) return false
      return bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
    },
    { error: 'must be an address or a network such as 10.0.0.0/8' },
  ),
)

/** URL of a Redis server, sentinel or cluster. */
export const redisUrl = z.string().check(
  z.refine((text) => /^rediss?(\+sentinel|\+cluster)?:\/\/[^\s]+$|^unix:\/\/\/[^\s]+$/.test(text), {
    error:
      'must be a Redis URL such as redis://127.0.0.1:6379, rediss://host:6380/0 or unix:///run/redis.sock',
  }),
)
