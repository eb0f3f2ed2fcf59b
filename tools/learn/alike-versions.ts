// Versions of a library whose clients say the same: a profile recorded with one of them only may be any one's.

import { compareVersions, readVersion } from '../../src/knowledge/identify/version.js'
import type { Client } from './captures.js'
import { applicationOf, versionOf } from './label.js'

/** Profiles of each program and configuration that was recorded with one version. */
type Recorded = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Of each version of one library, those beside it that nothing tells from it: some program was recorded with both in one
 * configuration, and each that was has a profile in common.
 *
 * @param profilesOf keys of a client's profiles
 */
export function alikeVersions(
  clients: readonly Client[],
  profilesOf: (client: Client) => readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const recorded = new Map<string, Map<string, Set<string>>>()
  for (const client of clients) {
    const version = versionOf(client.label)
    const { configuration = '', notes = '' } = client.label
    const setting = `${applicationOf(client.label)} ${configuration} ${/QUIC/.test(notes) ? 'QUIC' : ''}`
    const settings = recorded.get(version) ?? new Map<string, Set<string>>()
    recorded.set(version, settings)
    settings.set(setting, new Set([...(settings.get(setting) ?? []), ...profilesOf(client)]))
  }
  const versions = [...recorded.keys()]
    .flatMap((text) => {
      const version = readVersion(text)
      return version === undefined ? [] : [{ text, version }]
    })
    .sort(
      (a, b) =>
        a.version.scheme.localeCompare(b.version.scheme) || compareVersions(a.version, b.version),
    )
  const alike = new Map<string, string[]>()
  let run: string[] = []
  versions.forEach(({ text, version }, index) => {
    const before = versions[index - 1]
    const continues =
      before?.version.scheme === version.scheme &&
      areAlike(recorded.get(before.text) ?? new Map(), recorded.get(text) ?? new Map())
    run = continues ? run : []
    run.push(text)
    alike.set(text, run)
  })
  return alike
}

function areAlike(a: Recorded, b: Recorded): boolean {
  const both = [...a].filter(([setting]) => b.has(setting))
  return (
    both.length > 0 &&
    both.every(([setting, profiles]) => [...profiles].some((key) => b.get(setting)?.has(key)))
  )
}
