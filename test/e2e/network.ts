import { execFileSync } from 'node:child_process'

/** Two hosts of our own on one machine: namespaces joined by a veth pair. Needs root. */
export class TestNetwork {
  readonly client: string
  readonly server: string
  readonly clientInterface: string
  readonly serverInterface: string
  /** 198.18.0.0/15 is set aside for tests between network devices (RFC 2544). */
  readonly serverAddress = '198.18.77.1'
  readonly clientAddresses: readonly string[]

  constructor(name: string, clients = 1) {
    this.client = `${name}-c`
    this.server = `${name}-s`
    this.clientInterface = `${name}c0`
    this.serverInterface = `${name}s0`
    this.clientAddresses = Array.from({ length: clients }, (_, i) => `198.18.77.${10 + i}`)
    this.remove()
    ip('netns', 'add', this.client)
    ip('netns', 'add', this.server)
    ip(
      'link',
      'add',
      `${name}c0`,
      'netns',
      this.client,
      'type',
      'veth',
      'peer',
      'name',
      this.serverInterface,
      'netns',
      this.server,
    )
    for (const address of this.clientAddresses)
      ip('-n', this.client, 'addr', 'add', `${address}/24`, 'dev', `${name}c0`)
    ip('-n', this.server, 'addr', 'add', `${this.serverAddress}/24`, 'dev', this.serverInterface)
    for (const [netns, link] of [
      [this.client, `${name}c0`],
      [this.client, 'lo'],
      [this.server, this.serverInterface],
      [this.server, 'lo'],
    ] as const)
      ip('-n', netns, 'link', 'set', link, 'up')
  }

  /** `command` as it is run in one of the hosts. */
  in(host: 'client' | 'server', command: string, ...args: readonly string[]): [string, string[]] {
    return ['ip', ['netns', 'exec', this[host], command, ...args]]
  }

  /** Takes both hosts away; twice does no harm. */
  remove(): void {
    for (const netns of [this.client, this.server])
      try {
        ip('netns', 'del', netns)
      } catch {
        // not there: what we wanted
      }
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
