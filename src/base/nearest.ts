/** Least edits from `a` to `b`: insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let least = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      )
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1)
      row.push(least)
    }
    before = last
    last = row
  }
  return last[b.length] ?? 0
}

/** The name within a third of the word's length, or two edits, that is nearest to `word`; undefined if none is. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  // a word longer than any name is near none: no quadratic work on it
  const near = names
    .filter((name) => Math.abs(name.length - word.length) <= MOST_EDITS)
    .map((name) => ({ name, edits: distance(word, name) }))
    .filter(({ edits }) => edits <= Math.min(MOST_EDITS, Math.max(2, word.length / 3)))
    .sort((one, other) => one.edits - other.edits)
  return near[0]?.name
}

const MOST_EDITS = 5

/** `unknown option --prots: did you mean --ports?` */
export function unknownName(kind: string, word: string, names: readonly string[]): string {
  const near = nearest(word, names)
  return `unknown ${kind} ${word}${near === undefined ? '' : `: did you mean ${near}?`}`
}
