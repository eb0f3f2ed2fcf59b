// Padding (RFC 7685): NSS and BoringSSL lengthen a hello of 256 to 511 bytes to 512, because a load balancer of 2013 dropped
// those (NSS's ssl_CalculatePaddingExtLen, BoringSSL's ssl_add_clienthello_tlsext). An imitator that pads by a fixed rule, or
// not at all, shows: no honest hello of either was seen with such a length, or padded to another one.

import * as type from '../../tls/extension-type.js'
import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

const PADDED_FROM = 256
const PADDED_TO = 512
/** The extension takes four bytes and has a body of one at least. */
const LEAST_PADDING = 5
/** BoringSSL pads up to Chromium 121 and does not at 156: slack of two versions. */
const CHROMIUM_PADS_UNTIL = 119

/** Rules on the length of one hello over TCP. Safari's was not recorded, and a second hello keeps what the first had. */
export function paddingReasons(engine: Engine, { version }: Claim, hello: HelloFacts): Reason[] {
  const { extensions, helloLen, transport, isSecond } = hello
  if (engine === 'safari' || transport !== 'tcp' || isSecond) return []
  const isPadded = extensions.includes(type.PADDING)
  const add = (evidence: string) => [reason('content.padding', 'inconsistent', evidence)]
  if (isPadded)
    return helloLen >= PADDED_TO && helloLen < PADDED_TO + LEAST_PADDING
      ? []
      : add(`padded to ${helloLen} bytes`)
  const pads = engine === 'firefox' || (version !== undefined && version <= CHROMIUM_PADS_UNTIL)
  return pads && helloLen >= PADDED_FROM && helloLen < PADDED_TO
    ? add(`${helloLen} bytes without padding`)
    : []
}
