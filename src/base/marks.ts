// A bitmap of the bytes that are present, processed in runs: eight bytes of the bitmap at a time if they are equal.

/** Marks [from, to). */
export function markRange(marks: Uint8Array, from: number, to: number): void {
  let i = from
  for (; i < to && (i & 7) !== 0; i++) setMark(marks, i)
  const wholeEnd = to & ~7
  if (i < wholeEnd) {
    marks.fill(0xff, i >> 3, wholeEnd >> 3)
    i = wholeEnd
  }
  for (; i < to; i++) setMark(marks, i)
}

/** The first index of [from, to) that is marked, or `to`. */
export function nextMarked(marks: Uint8Array, from: number, to: number): number {
  let i = from
  while (i < to) {
    if ((i & 7) === 0 && marks[i >> 3] === 0) i += 8
    else if (isMarked(marks, i)) return i
    else i++
  }
  return to
}

/** The first index of [from, to) that is not marked, or `to`. */
export function nextUnmarked(marks: Uint8Array, from: number, to: number): number {
  let i = from
  while (i < to) {
    if ((i & 7) === 0 && marks[i >> 3] === 0xff) i += 8
    else if (!isMarked(marks, i)) return i
    else i++
  }
  return to
}

function isMarked(marks: Uint8Array, index: number): boolean {
  return (((marks[index >> 3] ?? 0) >> (index & 7)) & 1) !== 0
}

function setMark(marks: Uint8Array, index: number): void {
  marks[index >> 3] = (marks[index >> 3] ?? 0) | (1 << (index & 7))
}
