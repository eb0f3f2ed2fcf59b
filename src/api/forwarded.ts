import { MAX_FORWARDED_HOPS } from '../base/limits.js'
import { canonicalAddress } from './address.js'

/** One hop of a forwarding header: whom a proxy saw. */
export interface Hop {
  /** Canonical address; undefined where the proxy does not tell (`unknown`, `_hidden`) or wrote no address. */
  readonly ip: string | undefined
  readonly port: number | undefined
}

/**
 * Hops of an X-Forwarded-For header, the one nearest to us last. An entry may carry a port: `1.2.3.4:5678`, `[::1]:5678`.
 * Of too many the nearest are given.
 */
export function parseForwardedFor(header: string): Hop[] {
  return header.split(',').slice(-MAX_FORWARDED_HOPS).map(parseNode)
}

/**
 * Hops of a Forwarded header (RFC 7239 §4), the one nearest to us last; an element without `for` is a hop that does not tell.
 * Of too many the nearest are given.
 */
export function parseForwarded(header: string): Hop[] {
  return splitUnquoted(header, ',')
    .slice(-MAX_FORWARDED_HOPS)
    .map((element) => {
      for (const pair of splitUnquoted(element, ';')) {
        const equals = pair.indexOf('=')
        if (pair.slice(0, equals).trim().toLowerCase() === 'for')
          return parseNode(unquote(pair.slice(equals + 1).trim()))
      }
      return UNTOLD
    })
}

/** A port in decimal, 1 to 65535; undefined for anything else. */
export function parsePort(text: string | undefined): number | undefined {
  if (text === undefined || !/^[1-9]\d{0,4}$/.test(text)) return undefined
  const port = Number(text)
  return port <= 65_535 ? port : undefined
}

const UNTOLD: Hop = { ip: undefined, port: undefined }

/** `1.2.3.4`, `1.2.3.4:5678`, `::1`, `[::1]`, `[::1]:5678` (RFC 7239 §6). */
function parseNode(text: string): Hop {
  const node = text.trim()
  const [, bracketed, portOfV6] = /^\[([^\]]*)\](?::(\d+))?$/.exec(node) ?? []
  if (bracketed !== undefined) return { ip: canonicalAddress(bracketed), port: parsePort(portOfV6) }
  const [, v4, portOfV4] = /^([\d.]+):(\d+)$/.exec(node) ?? []
  if (v4 !== undefined) return { ip: canonicalAddress(v4), port: parsePort(portOfV4) }
  return { ip: canonicalAddress(node), port: undefined }
}

/** Splits at `separator` outside quoted strings (RFC 9110 §5.6.4). */
function splitUnquoted(text: string, separator: string): string[] {
  const parts: string[] = []
  let quoted = false
  let start = 0
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (quoted && char === '\\') i++
    else if (char === '"') quoted = !quoted
    else if (!quoted && char === separator) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}

function unquote(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"')
    ? text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text
}
