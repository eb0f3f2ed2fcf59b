// Tokens as an operator makes them, and a hellotap that knows them: its own file, or any that reads the same Redis.

import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Daemon, HELLOTAP, freePort, hellotap } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

describe('hellotap token', function () {
  this.timeout(30_000)
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-token-'))
  let redis: RedisServer
  before(async () => (redis = await RedisServer.start()))
  after(async () => {
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const places = () => [
    ['in a file', ['--data-dir', folder]],
    ['in Redis', ['--redis', redis.url]],
  ]
  for (const [i, place] of ['in a file', 'in Redis'].entries())
    it(`adds, lists and revokes tokens ${place}`, async () => {
      const where = places()[i]?.[1] as string[]
      const run = (...words: string[]) => hellotap(['token', ...words, ...where])
      const added = await run('add', 'nginx', '--role', 'analyst', '--expires', '90d')
      expect(added.code, added.stderr).to.equal(0)
      expect(added.stdout).to.match(/^hellotap_[\w-]{43}\n$/)
      expect(added.stderr).to.contain('not shown again')
      const again = await run('add', 'nginx', '--role', 'admin')
      expect(again.code).to.equal(1)
      expect(again.stderr).to.contain('already has a token "nginx"')
      await run('add', 'a', '--role', 'reader')
      const list = (await run('list')).stdout
      expect(list).to.match(/^NAME +ROLE +CREATED +EXPIRES\na +reader +\S+ +never\nnginx +analyst/)
      expect(list).not.to.contain(added.stdout.trim())
      expect((await run('revoke', 'nginx')).code).to.equal(0)
      expect((await run('revoke', 'nginx')).code).to.equal(1)
      expect((await run('list')).stdout).not.to.contain('nginx')
      await run('revoke', 'a')
    })

  it('keeps a hash alone, in a file of mode 0600', async () => {
    const { stdout } = await hellotap([
      'token',
      'add',
      'b',
      '--role',
      'reader',
      '--data-dir',
      folder,
    ])
    const file = join(folder, 'tokens.json')
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    expect(readFileSync(file, 'utf8')).not.to.contain(stdout.trim().slice(9))
  })

  it('says what is wrong with a word or with the file', async () => {
    for (const [words, says] of [
      [['add', 'x'], /--role, one of reader, analyst, admin/],
      [['add', 'x', '--role', 'root'], /--role/],
      [['add', 'x', '--role', 'admin', '--expires', 'soon'], /--expires is a time such as/],
      [['add', 'x y', '--role', 'admin'], /NAME of up to 64/],
      [['add'], /needs a NAME/],
      [['list', 'x'], /takes no name/],
      [['drop', 'x'], /add, list, revoke|"add", "list", "revoke"/],
    ] as const) {
      const { code, stderr } = await hellotap(['token', ...words, '--data-dir', folder])
      expect(stderr).to.match(says)
      expect(code).to.equal(2)
    }
    const damaged = join(folder, 'damaged')
    await hellotap(['token', 'add', 'x', '--role', 'reader', '--data-dir', damaged])
    writeFileSync(join(damaged, 'tokens.json'), '[{')
    const { code, stderr } = await hellotap(['token', 'list', '--data-dir', damaged])
    expect(stderr).to.match(/tokens\.json is damaged: restore it/)
    expect(code).to.equal(1)
  })

  it('is known to a running API, and no more once it is revoked', async () => {
    const [http, data] = [await freePort(), join(folder, 'serve')]
    const api = new Daemon(process.execPath, [
      ...[HELLOTAP, 'serve', '--redis', redis.url, '--data-dir', data],
      ...['--http-port', String(http), '--https-port', '0', '--host', '0.0.0.0'],
    ])
    try {
      await api.says(/serving http/)
      const ask = async (path: string, token?: string) => {
        const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
        return (await fetch(`http://127.0.0.1:${http}${path}`, { headers })).status
      }
      // all addresses, and not --public
      expect(await ask('/stats')).to.equal(401)
      expect(await ask('/metrics')).to.equal(401)
      expect(await ask('/fps')).to.equal(200)
      const made = await hellotap(['token', 'add', 'c', '--role', 'admin', '--redis', redis.url])
      const token = made.stdout.trim()
      const until = async (status: number) => {
        for (let i = 0; (await ask('/stats', token)) !== status; i++) {
          if (i === 40) throw new Error(`/stats does not become ${status}: ${api.output}`)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
      await until(200)
      expect(await ask('/lookup?ip=192.0.2.1', token)).to.equal(404)
      expect(api.output).to.contain('admin rights of')
      expect(api.output).not.to.contain(token)
      await hellotap(['token', 'revoke', 'c', '--redis', redis.url])
      await until(401)
    } finally {
      await api.stop()
    }
  })
})
