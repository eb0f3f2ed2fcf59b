// The commands of shell blocks in Markdown.

/** A simple command: its words, quotes resolved, redirections left out. */
export type Words = readonly string[]

/** The bodies of the fenced blocks of a language. */
export function blocksOf(markdown: string, ...languages: readonly string[]): string[] {
  return [...markdown.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
    .filter(([, language = '']) => languages.includes(language))
    .map(([, , body = '']) => body)
}

/** The lines of a shell block that hold a command, continued lines joined: after `\`, and within quotes or after `|`. */
export function linesOf(block: string): string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .replaceAll(/\|\n\s*/g, '| ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** Every simple command of a line, those in `$( )` too. */
export function commandsOf(line: string): Words[] {
  const commands: Words[] = []
  let words: string[] = []
  let word: string | undefined
  let isTarget = false
  const endWord = () => {
    if (word !== undefined && !isTarget) words.push(word)
    isTarget = isTarget && word === undefined
    word = undefined
  }
  const endCommand = () => {
    endWord()
    isTarget = false
    if (words.length > 0) commands.push(words)
    words = []
  }
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (char === "'" || char === '"') {
      const end = line.indexOf(char, at + 1)
      const text = line.slice(at + 1, end)
      word = (word ?? '') + text
      if (char === '"') commands.push(...inner(text))
      at = end
    } else if (line.startsWith('$(', at)) {
      const end = line.indexOf(')', at)
      commands.push(...inner(line.slice(at, end + 1)))
      word = (word ?? '') + 'x'
      at = end
    } else if (char === '#' && word === undefined) break
    else if (/[|;&()]/.test(char)) endCommand()
    else if (/[<>]/.test(char)) {
      endWord()
      isTarget = true
    } else if (/\s/.test(char)) endWord()
    else word = (word ?? '') + char
  }
  endCommand()
  return commands
}

function inner(text: string): Words[] {
  return [...text.matchAll(/\$\(([^)]*)\)/g)].flatMap(([, command = '']) => commandsOf(command))
}

/** The arguments of `hellotap`, however a command names the program; undefined for another program. */
export function hellotapWords(words: Words): Words | undefined {
  const [first = '', second = '', ...rest] = words.filter((word) => word !== 'sudo')
  if (/^(bin\/)?hellotap$/.test(first)) return [second, ...rest].filter((word) => word !== '')
  return first === 'npx' && second === 'hellotap' ? rest : undefined
}
