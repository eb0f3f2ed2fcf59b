// Whether the order of extensions moves from connection to connection. Chromium shuffles it from 110 on by default; builds of
// 109 and 110 without field trials do not, and up to 123 a switch turns it off (its name is in those builds, 126 lacks it).

import { isGrease } from '../../base/grease.js'
import * as type from '../../tls/extension-type.js'
import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

const SHUFFLES_FROM = 112
/** From here on no switch turns it off. */
const SHUFFLES_ALWAYS = 126
/** Between these two, field trials may shuffle; before, nothing does. */
const SHUFFLES_BY_DEFAULT = 110
const SHUFFLES_NEVER_BEFORE = 100
const LAST_SAFARI_KNOWN_FIXED = 18
/** Connections whose equal orders are looked at: fewer could be one hello seen twice. */
const MIN_CONNECTIONS = 3
/** Chance below which equal orders are no chance. */
const MAX_CHANCE = 1e-6

/** Rules on the orders of hellos, one of each connection. */
export function orderReasons(
  engine: Engine,
  claim: Claim,
  hellos: readonly HelloFacts[],
): Reason[] {
  const bySet = new Map<string, string[]>()
  for (const hello of hellos) {
    const ids = movable(hello)
    const key = `${hello.transport} ${[...ids].sort((a, b) => a - b).join()}`
    const orders = bySet.get(key) ?? []
    orders.push(ids.join())
    bySet.set(key, orders)
  }
  for (const [key, orders] of bySet) {
    const isFixed = orders.every((order) => order === orders[0])
    const found = isFixed
      ? fixed(engine, claim, orders)
      : moving(engine, claim, orders, key.startsWith('tcp'))
    if (found !== undefined) return [found]
  }
  return []
}

/** Extensions whose place a shuffle changes. */
function movable(hello: HelloFacts): number[] {
  return hello.extensions.filter(
    (id) => !isGrease(id) && id !== type.PADDING && id !== type.PRE_SHARED_KEY,
  )
}

function fixed(
  engine: Engine,
  { version = 0 }: Claim,
  orders: readonly string[],
): Reason | undefined {
  if (engine !== 'chromium' || version < SHUFFLES_FROM || orders.length < MIN_CONNECTIONS)
    return undefined
  const count = orders[0]?.split(',').length ?? 0
  const chance = Math.pow(factorial(count), 1 - orders.length)
  if (chance > MAX_CHANCE) return undefined
  return reason(
    'order.fixed',
    version < SHUFFLES_ALWAYS ? 'unusual' : 'inconsistent',
    `${orders.length} equal orders of ${count} extensions, by chance ${chance.toExponential(0)}`,
  )
}

function moving(
  engine: Engine,
  { version }: Claim,
  orders: readonly string[],
  overTcp: boolean,
): Reason | undefined {
  const evidence = `${new Set(orders).size} orders in ${orders.length} connections`
  const unusual = reason('order.moves', 'unusual', evidence)
  const inconsistent = reason('order.moves', 'inconsistent', evidence)
  if (engine === 'chromium') {
    if (version === undefined || version >= SHUFFLES_BY_DEFAULT) return undefined
    return version < SHUFFLES_NEVER_BEFORE ? inconsistent : unusual
  }
  if (engine === 'safari')
    return version !== undefined && version <= LAST_SAFARI_KNOWN_FIXED ? inconsistent : unusual
  // NSS shuffles in QUIC, and over TCP where a setting asks for it.
  return overTcp ? unusual : undefined
}

function factorial(count: number): number {
  let product = 1
  for (let i = 2; i <= count; i++) product *= i
  return product
}
