import * as z from 'zod/mini'
import { ConfigError } from '../config/config-error.js'
import { readVersion } from '../knowledge/identify/version.js'
import type { OwnRow } from '../knowledge/identify/own-rows.js'
import { readProfiles } from '../read-profiles.js'
import { appendOwnRows } from '../batch/own-knowledge.js'
import { OutputError } from '../output/fd-output.js'
import { count, log } from '../telemetry/log.js'

const NAMES = ['library', 'version', 'application', 'licence'] as const

const Label = z.object({
  library: z.string().check(z.minLength(1)),
  version: z.optional(
    z.string().check(
      z.refine((text) => readVersion(text) !== undefined, {
        error:
          'is numbers with dots, after a name where they are not the library’s own: "3.4", "chromium 131"',
      }),
    ),
  ),
  application: z.string().check(z.minLength(1)),
  licence: z._default(z.string(), 'not stated'),
})

/**
 * `learn FILE --label …`: adds the profiles of a capture of one client to the user's knowledge file.
 * Exit 0 done, 1 if the capture cannot be read, has no hello, or the knowledge cannot be written; 2 bad usage.
 */
export async function learn(args: Readonly<Record<string, unknown>>): Promise<number> {
  const file = String(args['file'])
  const label = labelOf(args['label'] as string[] | string)
  const { isPermuting, profiles } = await readProfiles(file)
  if (profiles.length === 0) {
    log(`hellotap: nothing learnt: ${file} has no ClientHello`)
    return 1
  }
  const { version, ...rest } = label
  const rows = profiles.map(({ tokens, order, fingerprints }): OwnRow => ({
    ...rest,
    ...(version === undefined ? {} : { version }),
    source: file,
    tokens: [...tokens].sort((a, b) => a - b),
    order,
    ...(isPermuting ? { permuting: true } : {}),
    fingerprints: Object.fromEntries(
      [...fingerprints].map(([kind, values]) => [kind, [...values]]),
    ),
  }))
  const knowledge = args['knowledge'] as string | undefined
  try {
    const path = appendOwnRows(knowledge, rows)
    log(`${count(rows.length, 'profile')} of ${label.application} added to ${path}`)
  } catch (cause) {
    throw new OutputError(cause as NodeJS.ErrnoException, knowledge ?? 'of your knowledge')
  }
  return 0
}

/** `library=OpenSSL,version=3.4,application=curl`, in one word or several. */
function labelOf(words: string[] | string): z.infer<typeof Label> {
  const pairs = [words].flat().flatMap((word) => word.split(','))
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at < 0 || !NAMES.some((known) => known === name))
      throw new ConfigError(
        `--label "${pair}" must be one of ${NAMES.map((known) => `${known}=…`).join(', ')}`,
      )
    return [name, pair.slice(at + 1).trim()]
  })
  const label = Label.safeParse(Object.fromEntries(entries))
  if (label.success) return label.data
  const [issue] = label.error.issues
  const name = String(issue?.path[0] ?? '')
  throw new ConfigError(
    name in Object.fromEntries(entries)
      ? `--label ${name}= ${issue?.message ?? 'is wrong'}`
      : `--label lacks ${name}=…`,
  )
}
