import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * Clients behind one address: each in a namespace of its own, joined to a router that masquerades them towards the
 * server's. Needs root.
 *
 *   client i  10.88.i.2 ──── 10.88.i.1  router  198.18.78.2 ──── 198.18.78.1  server
 */
export class NatNetwork {
  readonly server: string
  readonly clients: readonly string[]
  readonly serverAddress = '198.18.78.1'
  /** What the server sees of every client. */
  readonly routerAddress = '198.18.78.2'
  readonly serverInterface: string
  readonly clientInterface: string
  readonly #router: string

  constructor(name: string, clients: number) {
    this.server = `${name}-s`
    this.#router = `${name}-r`
    this.clients = Array.from({ length: clients }, (_, i) => `${name}-${i}`)
    this.serverInterface = `${name}s`
    this.clientInterface = `${name}c`
    this.remove()
    for (const netns of [this.server, this.#router, ...this.clients]) {
      ip('netns', 'add', netns)
      ip('-n', netns, 'link', 'set', 'lo', 'up')
    }
    connect(
      { netns: this.server, link: this.serverInterface, address: this.serverAddress },
      { netns: this.#router, link: `${name}r`, address: this.routerAddress },
    )
    this.clients.forEach((client, i) => {
      connect(
        { netns: client, link: this.clientInterface, address: `10.88.${i}.2` },
        { netns: this.#router, link: `${name}r${i}`, address: `10.88.${i}.1` },
      )
      ip('-n', client, 'route', 'add', 'default', 'via', `10.88.${i}.1`)
    })
    this.#inRouter('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward')
    this.#inRouter('python3', join(import.meta.dirname, 'masquerade.py'))
  }

  /** `command` as it is run in a namespace. */
  in(netns: string, command: string, ...args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', netns, command, ...args]]
  }

  /** Takes all of it away; twice does no harm. */
  remove(): void {
    for (const netns of [this.server, this.#router, ...this.clients])
      try {
        ip('netns', 'del', netns)
      } catch {
        // not there: what we wanted
      }
  }

  #inRouter(command: string, ...args: readonly string[]): void {
    execFileSync(...this.in(this.#router, command, ...args), {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }
}

/** One end of a cable. */
interface End {
  readonly netns: string
  readonly link: string
  readonly address: string
}

function connect(one: End, other: End): void {
  ip(
    ...['link', 'add', one.link, 'netns', one.netns, 'type', 'veth'],
    ...['peer', 'name', other.link, 'netns', other.netns],
  )
  for (const { netns, link, address } of [one, other]) {
    ip('-n', netns, 'address', 'add', `${address}/24`, 'dev', link)
    ip('-n', netns, 'link', 'set', link, 'up')
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
