import type * as z from 'zod/mini'

/** Headings of the help, in its order. */
export const GROUP_NAMES = ['Capture', 'Store', 'API', 'Privacy', 'Output', 'Logs'] as const

/** One option: flag, environment variable and key of the configuration file. */
export interface Option {
  /** How the command line reads it. `list` takes several values, or one with commas. */
  readonly type: 'string' | 'number' | 'boolean' | 'list'
  readonly alias?: string
  /** Heading of the help that lists it. */
  readonly group: (typeof GROUP_NAMES)[number]
  /** Help text, with the unit of a number. */
  readonly describe: string
  /** The default in the help, if `default` does not show it. */
  readonly shownDefault?: string
  readonly schema: z.ZodMiniType
  readonly default: unknown
}
