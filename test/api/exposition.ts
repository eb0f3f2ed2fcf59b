// Prometheus' text format 0.0.4, read strictly: https://prometheus.io/docs/instrumenting/exposition_formats/

/** One metric family. */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: {
    readonly name: string
    readonly labels: Record<string, string>
    readonly value: number
  }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/
const VALUE = /^ ([+-]?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Inf)|NaN)$/i
const SUFFIXES: Record<string, readonly string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** The families of a text, by name. @throws Error with the line that breaks the format */
export function parseExposition(text: string): Map<string, Family> {
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let help: { name: string; text: string } | undefined
  let family: Family | undefined
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const bad = (why: string) => new Error(`${why}: ${line}`)
    if (line.startsWith('# HELP ')) {
      const name = NAME.exec(line.slice(7))?.[0]
      if (name === undefined || families.has(name)) throw bad('HELP without a new name')
      help = { name, text: line.slice(8 + name.length) }
      if (/\\[^\\n]/.test(help.text)) throw bad('HELP with an unknown escape')
    } else if (line.startsWith('# TYPE ')) {
      const [name = '', type = ''] = line.slice(7).split(' ')
      if (help?.name !== name) throw bad('TYPE without HELP before it')
      if (!['counter', 'gauge', 'histogram', 'summary', 'untyped'].includes(type))
        throw bad('unknown type')
      family = { name, type, help: help.text, samples: [] }
      families.set(name, family)
    } else if (line.startsWith('#')) throw bad('a comment nobody needs')
    else {
      const name = NAME.exec(line)?.[0]
      if (name === undefined || family === undefined) throw bad('no sample of a family')
      const suffixes = SUFFIXES[family.type] ?? ['']
      if (!suffixes.includes(name.slice(family.name.length)) || !name.startsWith(family.name))
        throw bad(`a sample outside its family ${family.name}`)
      let rest = line.slice(name.length)
      const labels: Record<string, string> = {}
      if (rest.startsWith('{')) {
        const end = rest.lastIndexOf('}')
        for (let inside = rest.slice(1, end); inside !== '';) {
          const label = LABEL.exec(inside)
          if (label === null) throw bad('bad labels')
          const [whole, key = '', value = ''] = label
          if (key in labels) throw bad('a label twice')
          labels[key] = value
          inside = inside.slice(whole.length)
        }
        rest = rest.slice(end + 1)
      }
      const value = VALUE.exec(rest)?.[1]
      if (value === undefined) throw bad('no value')
      const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`
      if (seen.has(key)) throw bad('a sample twice')
      seen.add(key)
      const number = Number(value.replace(/inf/i, 'Infinity'))
      if (family.type === 'counter' && !(number >= 0)) throw bad('a counter below 0')
      family.samples.push({ name, labels, value: number })
    }
  }
  return families
}
