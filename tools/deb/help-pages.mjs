// Man page and bash completion, made from what --help prints.

import { execFileSync } from 'node:child_process'

/** Columns wide enough for --help to break no line. */
const WIDE = '400'

/** The program's help, and that of each command by its name. */
export function helpOf(program) {
  const help = (...words) =>
    execFileSync(process.execPath, [program, ...words, '--help'], {
      encoding: 'utf8',
      env: { ...process.env, COLUMNS: WIDE },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  const general = help()
  const names = [...general.matchAll(/^ {2}hellotap ([a-z]+)/gm)].map(([, name]) => name)
  if (names.length < 5) throw new Error(`--help names no commands:\n${general}`)
  return { general, commands: Object.fromEntries(names.map((name) => [name, help(name)])) }
}

const roff = (text) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1')
const verbatim = (text) => `.nf\n${roff(text.trim())}\n.fi\n`

/** Page 1 of the manual, in roff. */
export function manPage({ general, commands }, version) {
  const [, sentence, rest] = general.split(/\n\n/)
  const tail = general.trim().split('\n\n').at(-1) ?? ''
  return [
    `.TH HELLOTAP 1 "" "hellotap ${version}" "User Commands"\n`,
    `.SH NAME\nhellotap \\- ${roff(sentence.trim().replace(/\.$/, ''))}\n`,
    '.SH SYNOPSIS\n.B hellotap\n.I command\n.RI [ options ]\n',
    `.SH COMMANDS\n${verbatim(rest.replace(/^Commands:\n/, ''))}`,
    ...Object.entries(commands).map(
      ([name, text]) => `.SH HELLOTAP ${name.toUpperCase()}\n${verbatim(text)}`,
    ),
    `.SH ENVIRONMENT AND EXIT STATUS\n${verbatim(tail)}`,
    '.SH FILES\n.TP\n.I /etc/hellotap.yaml\nconfiguration of the systemd units\n',
  ].join('')
}

/** A function of bash that completes commands, their options and files. */
export function bashCompletion({ commands }) {
  const cases = Object.entries(commands).map(([name, text]) => {
    const options = [...text.matchAll(/^ {2,}(?:-\w, )?(--[a-z][\w-]*)/gm)].map(
      ([, option]) => option,
    )
    return `    ${name}) words='${[...new Set(options)].join(' ')}' ;;`
  })
  return `# bash completion of hellotap
_hellotap() {
  local word=\${COMP_WORDS[COMP_CWORD]} words
  case \${COMP_CWORD}:\${COMP_WORDS[1]} in
    1:*) COMPREPLY=($(compgen -W '${Object.keys(commands).join(' ')} --help --version' -- "$word")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
  esac
  [[ $word == -* ]] && COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _hellotap hellotap
`
}
