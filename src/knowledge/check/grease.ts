// GREASE (RFC 8701) as BoringSSL sends it over TCP for Chromium and Safari: six places, two extensions, values drawn anew for
// each connection. ssl_get_grease_value and ssl_add_clienthello_tlsext of BoringSSL's ssl/ are the source.

import { isGrease } from '../../base/grease.js'
import * as type from '../../tls/extension-type.js'
import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason, ReasonCode, Weight } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

/** Chromium sends GREASE from this version on (2016, RFC 8701 appendix A); Safari from 12. */
const FIRST_VERSION: Readonly<Partial<Record<Engine, number>>> = { chromium: 58, safari: 13 }
/** Connections after which values that never change cannot be chance: one in 16^4 for a single place. */
const CONSTANT_AFTER = 5
const PLACES_FOR_CONSTANT = 3

/** Rules on one hello. */
export function greaseReasons(engine: Engine, claim: Claim, hello: HelloFacts): Reason[] {
  const first = FIRST_VERSION[engine]
  if (hello.transport !== 'tcp') return []
  if (first === undefined) {
    // NSS can send GREASE, but no setting of Firefox asks it to.
    return hasGrease(hello) ? [reason('grease.present', 'inconsistent', greaseText(hello))] : []
  }
  if (claim.version !== undefined && claim.version < first) return []
  if (!hasGrease(hello)) return [reason('grease.absent', 'inconsistent', 'no GREASE value')]
  const reasons: Reason[] = []
  const add = (code: ReasonCode, evidence: string, weight: Weight = 'inconsistent') =>
    reasons.push(reason(code, weight, evidence))

  if (!isFirstOnly(hello.ciphers)) add('grease.cipher_place', `ciphers ${hello.ciphers.join()}`)
  if (hello.groups.length > 0 && !isFirstOnly(hello.groups))
    add('grease.group_place', `groups ${hello.groups.join()}`)
  if (hello.versions.length > 0 && !isFirstOnly(hello.versions))
    add('grease.version_place', `versions ${hello.versions.join()}`)
  addExtensions(hello, add)
  const share = hello.keyShares.find(({ group }) => isGrease(group))
  const group = hello.groups.find(isGrease)
  if (share !== undefined && group !== undefined && share.group !== group)
    add('grease.share_not_group', `group ${group}, key share ${share.group}`)
  return reasons
}

function addExtensions(hello: HelloFacts, add: (code: ReasonCode, evidence: string) => void): void {
  const { extensions, extensionLengths } = hello
  const places = extensions.flatMap((id, index) => (isGrease(id) ? [index] : []))
  const [first = -1, second = -1] = places
  if (places.length !== 2) {
    add('grease.ext_count', `${places.length} GREASE extensions`)
    return
  }
  // Behind the last one stand only padding and pre_shared_key (BoringSSL's ssl_add_clienthello_tlsext).
  const behind = extensions.slice(second + 1)
  if (first !== 0 || behind.some((id) => id !== type.PADDING && id !== type.PRE_SHARED_KEY))
    add('grease.ext_place', `places ${first} and ${second} of ${extensions.length}`)
  if (extensionLengths[first] !== 0 || extensionLengths[second] !== 1 || hello.greaseBody !== 0)
    add(
      'grease.ext_body',
      `bodies of ${extensionLengths[first] ?? 0} and ${extensionLengths[second] ?? 0} bytes`,
    )
  if (extensions[first] === extensions[second])
    add('grease.ext_repeat', `extension ${extensions[first] ?? 0} twice`)
}

/** Rules on what changes from connection to connection; one hello each. */
export function greaseOverConnections(engine: Engine, hellos: readonly HelloFacts[]): Reason[] {
  if (FIRST_VERSION[engine] === undefined) return []
  const greased = hellos.filter((hello) => hello.transport === 'tcp' && hasGrease(hello))
  if (greased.length < CONSTANT_AFTER) return []
  const places: Record<string, readonly (number | undefined)[]> = {
    cipher: greased.map(({ ciphers }) => ciphers.find(isGrease)),
    extension: greased.map(({ extensions }) => extensions.find(isGrease)),
    group: greased.map(({ groups }) => groups.find(isGrease)),
    version: greased.map(({ versions }) => versions.find(isGrease)),
  }
  const constant = Object.entries(places).filter(([, values]) => isConstant(values))
  const evidence = (values: readonly (number | undefined)[]) =>
    `${values[0] ?? 0} in ${greased.length} connections`
  if (constant.length >= PLACES_FOR_CONSTANT)
    return [
      reason(
        'grease.constant',
        'inconsistent',
        constant.map(([place, values]) => `${place} ${evidence(values)}`).join('; '),
      ),
    ]
  const schemes = greased.map((hello) => hello.schemes.find(isGrease))
  if (isConstant(schemes))
    return [reason('grease.sigalg_constant', 'inconsistent', evidence(schemes))]
  return []
}

function isConstant(values: readonly (number | undefined)[]): boolean {
  return values[0] !== undefined && values.every((value) => value === values[0])
}

function isFirstOnly(list: readonly number[]): boolean {
  return list.findLastIndex(isGrease) === 0
}

/** Whether a hello has GREASE anywhere. */
export function hasGrease(hello: HelloFacts): boolean {
  return [hello.ciphers, hello.extensions, hello.groups, hello.versions, hello.schemes].some(
    (list) => list.some(isGrease),
  )
}

function greaseText({ ciphers, extensions, groups, versions, schemes }: HelloFacts): string {
  const lists = { ciphers, extensions, groups, versions, schemes }
  return Object.entries(lists)
    .filter(([, list]) => list.some(isGrease))
    .map(([name]) => `GREASE in ${name}`)
    .join(', ')
}
