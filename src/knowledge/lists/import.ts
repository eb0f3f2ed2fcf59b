// Published lists, told apart by what they look like.

import { readJa4Table, readSalesforce, readSslbl } from './csv-lists.js'
import type { Imported, Origin } from './entry.js'
import { Gathering } from './entry.js'
import { readJa4dbJson } from './ja4db.js'
import { readMercury, readOwn, readPlain } from './json-lists.js'
import { readMitmengine } from './mitmengine.js'
import type { ListName, SourceName } from './names.js'
import { SOURCES as NAMES } from './names.js'

interface Source {
  readonly read: (text: string, to: Gathering) => void
  readonly licence: string
  /** Whether a text is of this source without a doubt. */
  readonly is: (text: string) => boolean
  readonly list?: ListName
}

const MD5 = '[0-9a-fA-F]{32}'
const TIME = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'

const SOURCES: Readonly<Record<SourceName, Source>> = {
  sslbl: {
    read: readSslbl,
    licence: 'CC0-1.0',
    list: 'warning',
    is: (text) =>
      /^#?\s*ja3_md5,Firstseen,Lastseen,Listingreason/im.test(text) ||
      new RegExp(`^${MD5},${TIME},${TIME},`, 'm').test(text),
  },
  mercury: {
    read: readMercury,
    licence: 'BSD-3-Clause',
    is: (text) => /^\s*\{/.test(text) && /^[^\n]*"str_repr"/.test(text.trimStart()),
  },
  hellotap: {
    read: readOwn,
    licence: 'not stated',
    is: (text) => /^\s*\{/.test(text) && /^[^\n]*"fingerprint":/.test(text.trimStart()),
  },
  ja4db: {
    read: (text, to) => (/^\s*\[/.test(text) ? readJa4dbJson : readJa4Table)(text, to),
    licence: 'not stated',
    is: (text) =>
      (/^\s*\[/.test(text) && text.includes('"ja4_fingerprint"')) ||
      /^[^\n{[]*\bja4_fingerprint\b/.test(text),
  },
  foxio: {
    read: readJa4Table,
    licence: 'BSD-3-Clause (JA4)',
    is: (text) => /^\ufeff?Application,Library,Device,OS,ja4,/i.test(text),
  },
  mitmengine: {
    read: readMitmengine,
    licence: 'BSD-3-Clause',
    is: (text) => /^[^|\n#]*(?::[^|\n]*){5}\|[^|\n]*(?::[^|\n]*){5}\|/m.test(text),
  },
  salesforce: {
    read: readSalesforce,
    licence: 'BSD-3-Clause',
    is: (text) => new RegExp(`^${MD5}, *"`, 'm').test(text),
  },
  plain: { read: readPlain, licence: 'own', is: () => false },
}

/** Characters that tell a source. */
const HEAD = 65_536

/** The source of a text; undefined where it may be of none or several. */
export function sourceOf(text: string): SourceName | undefined {
  const head = text.slice(0, HEAD)
  const found = NAMES.filter((name) => SOURCES[name].is(head))
  return found.length === 1 ? found[0] : undefined
}

/** What an import may say of all entries. */
export interface ImportOptions {
  /** The list they go on; else what the source is. */
  readonly list?: ListName | undefined
  readonly licence?: string | undefined
  /** `YYYY-MM-DD` of the import. */
  readonly today: string
}

/** Reads a list. Bad rows are rejected by the number of their line, and spoil nothing else. */
export function importList(text: string, name: SourceName, options: ImportOptions): Imported {
  const source = SOURCES[name]
  const origin: Origin = {
    source: name,
    licence: options.licence ?? source.licence,
    list: source.list ?? 'label',
    date: options.today,
  }
  const to = new Gathering(origin)
  source.read(text, to)
  const { list } = options
  return {
    entries: list === undefined ? to.entries : to.entries.map((entry) => ({ ...entry, list })),
    rejected: to.rejected,
  }
}
