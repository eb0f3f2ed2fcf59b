// Readers of export formats, apart from what writes them: from the grammars that the programs document.

/** A Suricata rule: header, then options in parentheses, each ended by `;` with `\` before a literal one. */
export function suricataRule(line: string): { header: string[]; options: [string, string][] } {
  const [, head = '', body = ''] = /^(\S+ \S+ \S+ \S+ -> \S+ \S+) \((.*)\)$/.exec(line) ?? []
  if (head === '') throw new Error(`no rule: ${line}`)
  const options: [string, string][] = []
  let at = 0
  let option = ''
  let isText = false
  for (; at < body.length; at++) {
    const character = body[at] ?? ''
    if (character === '\\') option += character + (body[++at] ?? '')
    else if (character === '"') {
      isText = !isText
      option += character
    } else if (character === ';' && !isText) {
      const [, name = '', value = ''] = /^\s*([a-z0-9._]+)(?::(.*))?$/s.exec(option) ?? []
      if (name === '') throw new Error(`no option: ${option}`)
      // in quotes, these need a backslash
      if (/(?<!\\)[;:]/.test(value.replace(/^"|"$/g, '')) && name === 'msg')
        throw new Error(`not escaped: ${value}`)
      options.push([name, value])
      option = ''
    } else option += character
  }
  if (option.trim() !== '' || isText) throw new Error(`open option: ${option}`)
  return { header: head.split(' '), options }
}

/** Zeek intelligence: a `#fields` line, then as many fields in each, tabs between. */
export function zeekIntel(text: string): Record<string, string>[] {
  const [head = '', ...lines] = text.split('\n').filter((line) => line !== '')
  const [mark, ...names] = head.split('\t')
  if (mark !== '#fields') throw new Error('no #fields')
  return lines.map((line) => {
    const fields = line.split('\t')
    if (fields.length !== names.length) throw new Error(`${fields.length} fields: ${line}`)
    if (fields.some((field) => field === '')) throw new Error(`empty field: ${line}`)
    return Object.fromEntries(names.map((name, i) => [name, fields[i] ?? '']))
  })
}

/** A STIX pattern of one comparison (STIX 2.1 §9): `[type:property = 'text']`, quotes and backslashes escaped. */
export function stixPattern(pattern: string): { path: string; value: string } {
  const [, path = '', value = ''] =
    /^\[([a-z0-9-]+:[a-z0-9_]+) = '((?:[^'\\]|\\['\\])*)'\]$/.exec(pattern) ?? []
  if (path === '') throw new Error(`no pattern: ${pattern}`)
  return { path, value: value.replace(/\\(['\\])/g, '$1') }
}

/** CSV as RFC 4180 §2 has it: CRLF, quotes doubled. */
export function csv4180(text: string): string[][] {
  const rows: string[][] = [[]]
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (field.lastIndex < text.length) {
    const at = field.lastIndex
    const found = field.exec(text)
    if (found === null) throw new Error(`no CSV at ${at}`)
    rows.at(-1)?.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '')
    if (found[3] === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}
