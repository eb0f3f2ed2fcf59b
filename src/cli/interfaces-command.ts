import { defaultInterfaces, listInterfaces } from '../capture/live/interfaces.js'
import { columns } from '../output/columns.js'
import { print } from '../output/print.js'

/** `interfaces`: a line for each interface: name, state, whether it is a default, addresses. Exit 0. */
export async function interfaces(): Promise<number> {
  const defaults = new Set(await defaultInterfaces())
  const rows = (await listInterfaces()).map(({ name, up, addresses }) => [
    name,
    up === undefined ? '?' : up ? 'up' : 'down',
    defaults.has(name) ? 'yes' : '',
    addresses.join(' '),
  ])
  print(columns([['name', 'state', 'default', 'addresses'], ...rows]))
  return 0
}
