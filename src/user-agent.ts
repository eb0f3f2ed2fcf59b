// A User-Agent (RFC 9110 §10.1.5) as a claim: browsers by bowser, programs by their first product token.

import Bowser from 'bowser'
import type { Claim, ClaimedOs } from './knowledge/claim.js'

const SYSTEMS: Readonly<Record<string, ClaimedOs>> = {
  Windows: 'windows',
  Linux: 'linux',
  'Chrome OS': 'linux',
  Android: 'android',
  macOS: 'macos',
  iOS: 'ios',
}
/** `product = token ["/" product-version]` (RFC 9110 §10.1.5, token §5.6.2). */
const PRODUCT = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?/
/** Automata with a browser's words have a network stack of their own. */
const AUTOMATON = /\bcompatible;|\bbot\b|bot\/\d|\bcrawler|\bspider/i
/** Engines of their own under Firefox's name: their lists are not Firefox's. */
const GECKO_FORKS = /\b(?:Goanna|PaleMoon|SeaMonkey|Basilisk|K-Meleon|Waterfox|Camino)\b/
/** A longer product token is no name. */
const MAX_LABEL_LEN = 64
/** What Tor Browser, and Firefox that resists fingerprinting, say on every desktop system (SPOOFED_HTTP_UA_OS up to 2025). */
const HIDDEN_SYSTEM = /^Mozilla\/5\.0 \(Windows NT 10\.0; rv:/
/** Maximum length; the rest has no further information. */
const MAX_LEN = 1024

const ENGINES = { chromium: 'Chromium', firefox: 'Firefox', safari: 'Safari' } as const

/**
 * What a fingerprint may be called by a User-Agent, from the widest name on: `Chromium browser`, `Edge`, `Edge 153`. The version
 * is the engine's, or a program's own. None where it says nothing of use.
 */
export function labelsOf(userAgent: string): string[] {
  const { name, engine, version, product } = claimOf(userAgent)
  if (engine !== undefined)
    return [
      ...new Set([`${ENGINES[engine]} browser`, name]),
      ...(version === undefined ? [] : [`${name} (${ENGINES[engine]} ${version})`]),
    ].filter((label) => label !== '')
  if (product === undefined || product.length > MAX_LABEL_LEN) return []
  const [, own] = /^[^/\s]+\/(\d{1,9}(?:\.\d{1,9})?)/.exec(userAgent.trim()) ?? []
  return own === undefined ? [product] : [product, `${product} ${own}`]
}

/** What a User-Agent claims to be. */
export function claimOf(userAgent: string): Claim {
  const text = userAgent.slice(0, MAX_LEN).trim()
  if (text === '') return { name: '' }
  const { browser, os, engine } = Bowser.parse(text)
  const system = HIDDEN_SYSTEM.test(text) ? undefined : SYSTEMS[os.name ?? '']
  const withOs = system === undefined ? {} : { os: system }
  const [, product = ''] = PRODUCT.exec(text) ?? []
  if (!/^mozilla$/i.test(product) && !/^(?:opera)$/i.test(product))
    return {
      name: product,
      ...(product === '' ? {} : { product: product.toLowerCase() }),
      ...withOs,
    }

  const name = browser.name ?? ''
  if (AUTOMATON.test(text)) return { name, ...withOs }
  const versioned = (pattern: RegExp) => {
    const version = Number(pattern.exec(text)?.[1] ?? NaN)
    return Number.isNaN(version) ? {} : { version }
  }
  // Every browser on iOS has the system's own network stack.
  if (system === 'ios' || (system === 'macos' && name === 'Safari'))
    return { name, engine: 'safari', ...versioned(/\bVersion\/(\d+)/), ...withOs }
  if (engine.name === 'Blink' && /Chrom(?:e|ium)\/\d/.test(text))
    return {
      name,
      engine: 'chromium',
      ...versioned(/(?:Headless)?Chrom(?:e|ium)\/(\d+)/),
      ...withOs,
    }
  if (engine.name === 'Gecko' && /\bFirefox\/\d/.test(text) && !GECKO_FORKS.test(text))
    return { name, engine: 'firefox', ...versioned(/\bFirefox\/(\d+)/), ...withOs }
  return { name, ...withOs }
}
