import { defaultInterfaces, listInterfaces } from '../capture/live/interfaces.js'
import { print } from '../output/print.js'

/** `interfaces`: one line each: name, state, whether it is taken by default, addresses. Exit 0. */
export async function interfaces(): Promise<number> {
  const defaults = new Set(await defaultInterfaces())
  const all = await listInterfaces()
  const width = Math.max(4, ...all.map(({ name }) => name.length))
  print(`${'name'.padEnd(width)}  state  default  addresses\n`)
  for (const { name, up, addresses } of all)
    print(
      `${name.padEnd(width)}  ${(up ? 'up' : 'down').padEnd(5)}  ${(defaults.has(name) ? 'yes' : '').padEnd(7)}  ${addresses.join(' ')}`.trimEnd() +
        '\n',
    )
  return 0
}
