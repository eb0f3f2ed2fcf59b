// Groups of real Redis servers: a primary with replicas and sentinels, and a Cluster.

import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { RedisServerOptions } from './redis-server.js'
import { freePort, RedisServer, until } from './redis-server.js'

const run = promisify(execFile)

/** One answer of a server, by redis-cli. */
export async function ask(port: number, ...words: string[]): Promise<string> {
  return (await run('redis-cli', ['-p', String(port), ...words])).stdout.trim()
}

/** A primary, two replicas, three sentinels. */
export class RedisSentinel {
  readonly servers: readonly RedisServer[]
  readonly #sentinels: { readonly port: number; readonly child: ChildProcess }[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'hellotap-sentinel-'))

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  /** Resolves once the replicas are in step and the sentinels know one another. */
  static async start(options: RedisServerOptions = {}): Promise<RedisSentinel> {
    const primary = await RedisServer.start(options)
    const of = ['--replicaof', '127.0.0.1', String(primary.port)]
    const replica = () =>
      RedisServer.start({
        ...options,
        args: [...(options.args ?? []), ...of, '--repl-diskless-sync-delay', '0'],
      })
    const group = new RedisSentinel([primary, await replica(), await replica()])
    for (let i = 0; i < 3; i++) await group.#watch(primary.port)
    await until(
      async () => /connected_slaves:2/.test(await ask(primary.port, 'INFO', 'replication')),
      20_000,
      'two replicas in step',
    )
    for (const { port } of group.#sentinels)
      await until(
        async () => /num-other-sentinels\n2/.test(await ask(port, 'SENTINEL', 'MASTER', 'tap')),
        20_000,
        'three sentinels that know one another',
      )
    return group
  }

  get url(): string {
    const hosts = this.#sentinels.map(({ port }) => `127.0.0.1:${port}`)
    return `redis+sentinel://${hosts.join(',')}/tap`
  }

  /** The server that the sentinels call the primary. */
  async primary(): Promise<RedisServer> {
    const [first] = this.#sentinels
    const answer = await ask(first?.port ?? 0, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'tap')
    const port = Number(answer.split('\n')[1])
    const found = this.servers.find((each) => each.port === port)
    if (found === undefined) throw new Error(`the sentinels name port ${port}`)
    return found
  }

  async stop(): Promise<void> {
    for (const { child } of this.#sentinels) child.kill('SIGKILL')
    for (const server of this.servers) await server.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #watch(primary: number): Promise<void> {
    const port = await freePort()
    const file = join(this.#folder, `${port}.conf`)
    writeFileSync(
      file,
      `port ${port}\nbind 127.0.0.1\nsentinel monitor tap 127.0.0.1 ${primary} 2\n` +
        'sentinel down-after-milliseconds tap 1000\nsentinel failover-timeout tap 5000\n',
    )
    const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
    this.#sentinels.push({ port, child })
    await until(
      () =>
        ask(port, 'PING').then(
          (answer) => answer === 'PONG',
          () => false,
        ),
      10_000,
    )
  }
}

/** A Cluster of three primaries with a replica each. */
export class RedisCluster {
  readonly servers: readonly RedisServer[]

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers
  }

  /** Resolves once every server says that the Cluster is whole. */
  static async start(
    options: RedisServerOptions = {},
    primaries = 3,
    replicas = 1,
  ): Promise<RedisCluster> {
    const args = [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'],
      ...['--repl-diskless-sync-delay', '0', ...(options.args ?? [])],
    ]
    const count = primaries * (1 + replicas)
    const servers: RedisServer[] = []
    for (let i = 0; i < count; i++) servers.push(await RedisServer.start({ ...options, args }))
    const cluster = new RedisCluster(servers)
    const nodes = servers.map(({ port }) => `127.0.0.1:${port}`)
    await run('redis-cli', [
      ...['--cluster', 'create', ...nodes, '--cluster-replicas', String(replicas)],
      '--cluster-yes',
    ])
    await cluster.whole()
    return cluster
  }

  /** Resolves once every server that runs says so. */
  async whole(): Promise<void> {
    for (const { port, pid } of this.servers)
      if (pid !== undefined)
        await until(
          async () => {
            const info = await ask(port, 'CLUSTER', 'INFO').catch(() => '')
            return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info)
          },
          30_000,
          'a whole Cluster',
        )
  }

  get url(): string {
    return `redis+cluster://${this.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`
  }

  async stop(): Promise<void> {
    for (const server of this.servers) await server.stop()
  }
}
