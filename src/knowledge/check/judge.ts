// Does the User-Agent fit? All hellos and SYNs of one address under one claim become a verdict with its reasons.

import type { Syn } from '../../tls/read-evidence.js'
import type { Claim, Engine } from '../claim.js'
import type { Axis, AxisValue, Reason } from '../reasons.js'
import { contentReasons } from './contents.js'
import { greaseOverConnections, greaseReasons, hasGrease } from './grease.js'
import type { HelloFacts } from './hello-facts.js'
import { NEWEST_KNOWN } from './lists.js'
import { boundText, MEASURED } from './measured.js'
import { orderReasons } from './order.js'
import { paddingReasons } from './padding.js'
import { echOverConnections, shareReasons } from './shares.js'
import { isOfProduct, softwareReasons } from './software.js'
import { systemOf } from './system.js'
import { timeReasons } from './timeline.js'

export interface Verdict {
  readonly verdict: 'consistent' | 'inconsistent' | 'unknown'
  readonly axes: Readonly<Record<Axis, AxisValue>>
  /** Those that accuse first. */
  readonly reasons: readonly Reason[]
  /** How often verdicts like this one are wrong about honest clients, by what was measured. */
  readonly bound: string
  /** Version of the rules and the captures they were measured on. */
  readonly knowledge: string
}

/** What is known of an address besides its hellos. */
export interface Circumstances {
  /** False where a proxy stands in between: then SYNs are the proxy's. */
  readonly isDirect?: boolean
}

interface Judged {
  readonly reasons: readonly Reason[]
  /** Whether the hellos have what only the claimed software sends. */
  readonly isRecognised: boolean
}

const UNKNOWN_AXES = {
  software: 'unknown',
  version: 'unknown',
  os: 'unknown',
  behaviour: 'unknown',
} as const

/**
 * Judges a claim by all hellos of one address, one or more.
 *
 * An address may have several clients: where the hellos of one stack fit the claim, the others' are other software.
 */
export function judge(
  claim: Claim,
  hellos: readonly HelloFacts[],
  { isDirect = true }: Circumstances = {},
): Verdict {
  const stacks = stacksOf(hellos.filter(({ transport }) => transport !== 'dtls'))
  const judged = stacks.map((stack) => judgeStack(claim, stack))
  const fitting = judged.find(({ reasons, isRecognised }) => isRecognised && !reasons.some(accuses))
  const allAccused = judged.length > 0 && judged.every(({ reasons }) => reasons.some(accuses))
  const reasons = [...(fitting ?? (allAccused ? merged(judged) : NOTHING)).reasons]

  const syns = hellos.flatMap(({ evidence }) => evidence?.syn ?? []) satisfies Syn[]
  const system = systemOf(claim, syns, isDirect)
  reasons.push(...system.reasons)
  reasons.sort((a, b) => Number(accuses(b)) - Number(accuses(a)))

  const axes: Record<Axis, AxisValue> = { ...UNKNOWN_AXES, os: system.value }
  if (fitting !== undefined) {
    axes.software = 'consistent'
    if (claim.version !== undefined) axes.version = 'consistent'
    if (hellos.length > 1) axes.behaviour = 'consistent'
  }
  for (const { axis, weight } of reasons) if (axes[axis] !== 'inconsistent') axes[axis] = weight
  return {
    verdict: reasons.some(accuses)
      ? 'inconsistent'
      : fitting === undefined
        ? 'unknown'
        : 'consistent',
    axes,
    reasons,
    bound: boundText(MEASURED),
    knowledge: MEASURED.version,
  }
}

const NOTHING: Judged = { reasons: [], isRecognised: false }

const accuses = ({ weight }: Reason) => weight === 'inconsistent'

/** All reasons of all stacks, each code once. */
function merged(judged: readonly Judged[]): Judged {
  const byCode = new Map<string, Reason>()
  for (const { reasons } of judged)
    for (const reason of reasons)
      if (accuses(reason) || !byCode.has(reason.code)) byCode.set(reason.code, reason)
  return { reasons: [...byCode.values()], isRecognised: false }
}

/** Hellos by the stack that made them: those of one transport, cipher list and signature algorithms. */
function stacksOf(hellos: readonly HelloFacts[]): HelloFacts[][] {
  const stacks = new Map<string, HelloFacts[]>()
  for (const hello of hellos) {
    const lists = [hello.ciphers, hello.schemes].map((list) =>
      list.map((value) => ((value & 0x0f0f) === 0x0a0a ? 'g' : value)).join(),
    )
    const key = `${hello.transport} ${lists.join(' ')}`
    stacks.set(key, [...(stacks.get(key) ?? []), hello])
  }
  return [...stacks.values()].flatMap(bySharing)
}

/** A library repeats its X25519 key or does not: where both are seen, there are two stacks behind one address. */
function bySharing(stack: HelloFacts[]): HelloFacts[][] {
  const shared = stack.filter(({ evidence }) => evidence?.x25519_shared === true)
  const fresh = stack.filter(({ evidence }) => evidence?.x25519_shared === false)
  return shared.length > 0 && fresh.length > 0 ? [shared, fresh] : [stack]
}

function judgeStack(claim: Claim, hellos: readonly HelloFacts[]): Judged {
  const { engine } = claim
  const [first] = hellos
  if (first === undefined) return NOTHING
  if (engine === undefined) {
    const reasons = softwareReasons(claim, first)
    return { reasons, isRecognised: isOfProduct(claim, first) }
  }
  const found = new Map<string, Reason>()
  const firsts = hellos.filter(({ isSecond }) => !isSecond)
  const newest = Math.max(NEWEST_KNOWN[engine], 0)
  for (const reason of [
    ...hellos.flatMap((hello) => [
      ...contentReasons(engine, claim, hello),
      ...greaseReasons(engine, claim, hello),
      ...shareReasons(engine, hello),
      ...paddingReasons(engine, claim, hello),
      ...timeReasons(engine, claim, hello, newest),
    ]),
    ...greaseOverConnections(engine, firsts),
    ...orderReasons(engine, claim, firsts),
    ...echOverConnections(engine, claim, firsts),
  ])
    if (!found.has(reason.code) || accuses(reason)) found.set(reason.code, reason)
  return {
    reasons: [...found.values()],
    isRecognised: hellos.some((hello) => isRecognised(engine, hello)),
  }
}

/** Whether a hello has what the engine's software sends and little else does. */
function isRecognised(engine: Engine, hello: HelloFacts): boolean {
  const { extensions, ciphers } = hello
  if (ciphers.length === 0) return false
  if (engine === 'firefox') return extensions.includes(34) || hello.recordSizeLimit === 0x4001
  if (hello.transport === 'tcp') return hasGrease(hello)
  return [17513, 17613, 65037, 27].some((id) => extensions.includes(id))
}
