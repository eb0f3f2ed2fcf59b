import { existsSync } from 'node:fs'
import { ConfigError } from '../config/config-error.js'
import { compareFingerprints } from '../knowledge/compare-fingerprints.js'
import { FingerprintFinder, kindsOf } from '../knowledge/identify/by-fingerprint.js'
import { differences } from '../knowledge/identify/difference.js'
import { loadBase } from '../knowledge/identify/load-base.js'
import { readOwnRows } from '../batch/own-knowledge.js'
import { log } from '../telemetry/log.js'
import { readProfiles } from '../read-profiles.js'
import { print } from '../output/print.js'

/**
 * `diff A B`: the differences between two hellos, a phrase a line. A and B are captures (their most frequent hello) or
 * fingerprints. Two JA3 strings or two JA4 that the knowledge base does not have are compared by their own contents.
 * Exit 0 done, 1 if one of them has no hello or is unknown, 2 if one is neither file nor fingerprint.
 */
export async function diff(args: Readonly<Record<string, unknown>>): Promise<number> {
  const own = readOwnRows(args['knowledge'] as string | undefined)
  const base = loadBase(own)
  const finder = new FingerprintFinder(base, own)
  const tokensOf = async (word: string): Promise<ReadonlySet<number> | undefined> => {
    if (existsSync(word)) {
      const { profiles } = await readProfiles(word)
      const [most] = [...profiles].sort((a, b) => b.count - a.count)
      if (most === undefined) log(`hellotap: ${word} has no ClientHello`)
      return most?.tokens
    }
    if (kindsOf(word).length === 0)
      throw new ConfigError(`${word} is neither a file nor a fingerprint`)
    const [row] = finder.rowsOf(word)
    if (row !== undefined) return base.tokensOf(row)
    log(`hellotap: the knowledge base has no hello with the fingerprint ${word}`)
    return undefined
  }
  const words = [String(args['a']), String(args['b'])] as const
  const isUnknown = (word: string) =>
    !existsSync(word) && kindsOf(word).length > 0 && finder.rowsOf(word).length === 0
  if (words.some(isUnknown) && !words.some((word) => existsSync(word))) {
    // Unknown JA3 strings and JA4 can be compared by their contents.
    const phrases = compareFingerprints(...words)
    if (phrases !== undefined) {
      print(phrases.map((phrase) => `${phrase}\n`).join(''))
      return 0
    }
  }
  const a = await tokensOf(words[0])
  const b = await tokensOf(words[1])
  if (a === undefined || b === undefined) return 1
  print(
    differences(a, b)
      .map((phrase) => `${phrase}\n`)
      .join(''),
  )
  return 0
}
