// All claims of one address together: what they have in common says whether the address is one client.

import type { Claim } from '../claim.js'
import { reason } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'
import { judge } from './judge.js'
import type { Circumstances, Verdict } from './judge.js'
import { claimedStack } from './system.js'

/** Claims of one address that no hello fits, after which a middlebox is likelier than so many liars. */
const MIN_CLAIMS_INSPECTED = 3

/** A verdict for each claim of one address, in their order. */
export function judgeAddress(
  claims: readonly Claim[],
  hellos: readonly HelloFacts[],
  circumstances: Circumstances = {},
): Verdict[] {
  // Where claims are of different systems, so many clients share the address: a SYN is the NAT's or the proxy's word.
  const systems = new Set(claims.map(claimedStack).filter((stack) => stack !== undefined))
  const isDirect = (circumstances.isDirect ?? true) && systems.size <= 1
  const verdicts = claims.map((claim) => judge(claim, hellos, { ...circumstances, isDirect }))
  const names = new Set(claims.map(({ name, version }) => `${name} ${version ?? 0}`))
  const isInspected =
    names.size >= MIN_CLAIMS_INSPECTED &&
    new Set(hellos.map(({ ciphers }) => ciphers.join())).size === 1 &&
    verdicts.every(({ verdict }) => verdict === 'inconsistent')
  return isInspected ? verdicts.map((verdict) => inspected(verdict, names.size)) : verdicts
}

/** A verdict of a client whose TLS a middlebox ends: its User-Agent may well be right. */
function inspected(verdict: Verdict, claims: number): Verdict {
  const evidence = `${claims} claims under one cipher list`
  return {
    ...verdict,
    verdict: 'unknown',
    axes: { software: 'unusual', version: 'unknown', os: 'unknown', behaviour: 'unknown' },
    reasons: [
      reason('proxy.inspection', 'unusual', evidence),
      ...verdict.reasons.map((found) => ({ ...found, weight: 'unusual' as const })),
    ],
  }
}
