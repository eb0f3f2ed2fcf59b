// Ports of servers as the configuration names them: `443`, `400-500`, `any`.

const PORT_COUNT = 65_536

/** The ports from `first` to `last`. Made when asked for: all of them at load cost every start 4 ms. */
function portRange(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

/** The ports that `text` names; undefined where it names none. */
export function portsOf(text: string): readonly number[] | undefined {
  if (text === 'any') return portRange(0, PORT_COUNT - 1)
  const [, low = '', high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? []
  const [first, last] = [Number(low), Number(high)]
  if (low === '' || first < 1 || first > last || last >= PORT_COUNT) return undefined
  return portRange(first, last)
}

/** Whether `ports` are all there are: then TLS is found by its content alone. */
export function isAnyPort(ports: Iterable<number>): boolean {
  return new Set(ports).size === PORT_COUNT
}

/** Ports in the words of `--ports`, sorted: `any`, or `443,8000-8100`. */
export function portsText(ports: readonly number[]): string {
  if (isAnyPort(ports)) return 'any'
  const ranges: [number, number][] = []
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.[1] === port - 1) last[1] = port
    else ranges.push([port, port])
  }
  return ranges
    .flatMap(([low, high]) =>
      high - low < 2 ? [...new Set([low, high])].map(String) : [`${low}-${high}`],
    )
    .join(',')
}
