import { csvFormat } from './csv-format.js'
import { ecsFormat } from './ecs-format.js'
import { eveFormat } from './eve-format.js'
import type { Format, TextFormat } from './format.js'
import { lineFormat } from './format.js'
import type { Terminal } from './table-format.js'
import { tableFormat } from './table-format.js'
import { zeekFormat } from './zeek-format.js'

/** What formats depend on besides the sightings. */
export interface Surroundings {
  readonly terminal: Terminal
  readonly now: () => Date
}

/** The format of that name. */
export function formatOf(name: TextFormat, { terminal, now }: Surroundings): Format {
  switch (name) {
    case 'jsonl':
      return lineFormat((sighting) => `${JSON.stringify(sighting)}\n`)
    case 'table':
      return tableFormat(terminal)
    case 'csv':
      return csvFormat()
    case 'eve':
      return eveFormat()
    case 'ecs':
      return ecsFormat()
    case 'zeek':
      return zeekFormat(now)
  }
}
