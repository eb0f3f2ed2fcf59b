import { appendFileSync, readFileSync } from 'node:fs'
import { reasonOf } from '../base/error-reason.js'
import { ConfigError } from '../config/config-error.js'
import { MAX_LINE_FAULTS_PRINTED } from '../base/limits.js'
import { readOwnRows } from '../batch/own-knowledge.js'
import { EXPORT_FORMATS } from '../knowledge/export/formats.js'
import type { Exported } from '../knowledge/export/format.js'
import { FingerprintFinder } from '../knowledge/identify/by-fingerprint.js'
import { loadBase } from '../knowledge/identify/load-base.js'
import type { ListEntry } from '../knowledge/lists/entry.js'
import { listKind, normal } from '../knowledge/lists/entry.js'
import { importList, sourceOf } from '../knowledge/lists/import.js'
import type { FormatName, ListName, SourceName } from '../knowledge/lists/names.js'
import { FORMATS, SOURCES } from '../knowledge/lists/names.js'
import { print } from '../output/print.js'
import { addToLists, listsPath, readLists, today } from '../serving/lists-file.js'
import { count, log } from '../telemetry/log.js'

/** `knowledge import FILE…` and `knowledge export FINGERPRINT…`. Exit 0 done, 1 if one failed, 2 on bad usage. */
export async function knowledge(args: Readonly<Record<string, unknown>>): Promise<number> {
  const what = (args['what'] as string[] | undefined) ?? []
  if (what.length === 0)
    throw new ConfigError(
      args['action'] === 'import'
        ? 'knowledge import needs a file'
        : 'knowledge export needs a fingerprint',
    )
  return args['action'] === 'import' ? importFiles(what, args) : exportAll(what, args)
}

type Args = Readonly<Record<string, unknown>>
const text = (args: Args, name: string) => args[name] as string | undefined

function pathOf(args: Args): string {
  return listsPath({ lists: text(args, 'lists'), 'data-dir': text(args, 'data-dir') })
}

/** Adds the entries of lists to the lists file. Faulty rows go to a file beside it, and the others are imported. */
function importFiles(files: readonly string[], args: Args): Promise<number> {
  const path = pathOf(args)
  let failed = 0
  for (const file of files) {
    let content: string
    try {
      content = readFileSync(file, 'utf8')
    } catch (error) {
      log(`hellotap: cannot read ${file}: ${reasonOf(error)}`)
      failed++
      continue
    }
    const source = (text(args, 'source') as SourceName | undefined) ?? sourceOf(content)
    if (source === undefined) {
      log(`hellotap: unknown format of ${file}: name it with --source (${SOURCES.join(', ')})`)
      failed++
      continue
    }
    const { entries, rejected } = importList(content, source, {
      list: text(args, 'list') as ListName | undefined,
      licence: text(args, 'licence'),
      today: today(),
    })
    for (const { line, reason } of rejected.slice(0, MAX_LINE_FAULTS_PRINTED))
      log(`${file}:${line} ${reason}`)
    const added = entries.length === 0 ? 0 : addToLists(path, entries)
    const aside = `${path}.rejected`
    if (rejected.length > 0)
      appendFileSync(
        aside,
        rejected.map((each) => `${JSON.stringify({ file, ...each })}\n`).join(''),
      )
    const rest =
      rejected.length === 0 ? '' : `; ${count(rejected.length, 'faulty row')} in ${aside}`
    log(`${file}: ${entries.length} entries of ${source}, ${added} new, in ${path}${rest}`)
    if (entries.length === 0) failed++
  }
  return Promise.resolve(failed === 0 ? 0 : 1)
}

/** Prints fingerprints in the format of another program, with their labels from lists and knowledge base. */
function exportAll(fingerprints: readonly string[], args: Args): Promise<number> {
  const name = text(args, 'format') as FormatName | undefined
  if (name === undefined) throw new ConfigError(`--format is missing: ${FORMATS.join(', ')}`)
  const format = EXPORT_FORMATS[name]
  const lists = readLists(pathOf(args)).entries
  const own = readOwnRows(text(args, 'knowledge'))
  const finder = new FingerprintFinder(loadBase(own), own)
  const chosen = new Map<string, Exported>()
  let failed = 0
  for (const word of fingerprints) {
    const fingerprint = normal(word)
    const kind = listKind(fingerprint)
    if (kind === undefined) throw new ConfigError(`${JSON.stringify(word)} is no fingerprint`)
    if (format.kinds?.includes(kind) === false) {
      log(
        `hellotap: ${name} has no field for ${kind}: give the ${format.kinds.join(' or ')} of the same hello, which \`hellotap lookup\` prints`,
      )
      failed++
    } else chosen.set(fingerprint, exported(fingerprint, kind, lists, finder))
  }
  if (chosen.size > 0) print(format.text([...chosen.values()], Math.floor(Date.now() / 1000)))
  return Promise.resolve(failed === 0 ? 0 : 1)
}

function exported(
  fingerprint: string,
  kind: string,
  lists: readonly ListEntry[],
  finder: FingerprintFinder,
): Exported {
  const listed = lists.find((entry) => entry.fingerprint === fingerprint && entry.label !== '')
  if (listed !== undefined) {
    const { label, source, licence, date } = listed
    return { fingerprint, kind, label, source, licence, date }
  }
  const { library, versions, applications = [] } = finder.find(fingerprint).implementation
  const label =
    library === 'unknown'
      ? ''
      : [library, versions, applications.join(' / ')].filter(Boolean).join(' ')
  return { fingerprint, kind, label, source: 'hellotap', licence: 'Apache-2.0', date: today() }
}
