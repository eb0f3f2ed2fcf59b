// Versions of libraries as labels word them, and ranges of them. Libraries that have no versions of their own are numbered
// by the program that carries them: BoringSSL by Chromium, and NSS by Firefox where that is what was recorded.

/** A version: by whose numbers it counts (empty: the library's own), and the numbers. */
export interface Version {
  readonly scheme: string
  readonly numbers: readonly number[]
}

/** Reads what `versionText` writes; undefined where the text is empty. */
export function readVersion(text: string): Version | undefined {
  const match = /^(?:(\S+) )?(\d+(?:\.\d+)*)$/.exec(text)
  if (match === null) return undefined
  return { scheme: match[1] ?? '', numbers: (match[2] ?? '').split('.').map(Number) }
}

/** `3.0`, `chromium 131`. */
export function versionText({ scheme, numbers }: Version): string {
  return scheme === '' ? numbers.join('.') : `${scheme} ${numbers.join('.')}`
}

/** Negative where `a` is the older; of one scheme. */
export function compareVersions(a: Version, b: Version): number {
  const length = Math.max(a.numbers.length, b.numbers.length)
  for (let i = 0; i < length; i++) {
    const difference = (a.numbers[i] ?? 0) - (b.numbers[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * The ranges that hold the matching versions, one a scheme: `3.0–3.4`, `chromium 131–137`. A range goes on up to the
 * version before the next known one, since that is where the hello is known to be another.
 *
 * @param known all versions of the library that the base knows
 */
export function rangeText(matching: readonly Version[], known: readonly Version[]): string {
  const schemes = [...new Set(matching.map(({ scheme }) => scheme))].sort()
  return schemes.map((scheme) => rangeOf(scheme, matching, known)).join(', ')
}

function rangeOf(scheme: string, matching: readonly Version[], known: readonly Version[]): string {
  const within = matching.filter((version) => version.scheme === scheme).sort(compareVersions)
  const [first] = within
  const last = within.at(-1)
  if (first === undefined || last === undefined) return ''
  const next = known
    .filter((version) => version.scheme === scheme && compareVersions(version, last) > 0)
    .sort(compareVersions)[0]
  const from = versionText(first)
  const to = before(last, next).numbers.join('.')
  return to === first.numbers.join('.') ? from : `${from}–${to}`
}

/** The last version from `last` on that is older than `next`, where versions count on by one. */
function before(last: Version, next: Version | undefined): Version {
  const at = last.numbers.length - 1
  const isCounted =
    next?.numbers.length === at + 1 &&
    last.numbers.slice(0, at).join() === next.numbers.slice(0, at).join()
  if (!isCounted) return last
  const end = Math.max(last.numbers[at] ?? 0, (next.numbers[at] ?? 0) - 1)
  return { scheme: last.scheme, numbers: [...last.numbers.slice(0, at), end] }
}
