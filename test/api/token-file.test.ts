import { expect } from 'chai'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOKENS_FILE, TokenError, TokenFile } from '../../src/api/token-file.js'
import { newToken } from '../../src/api/tokens.js'

/** What the promise is rejected with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => error,
  )

describe('a file of tokens', () => {
  const top = mkdtempSync(join(tmpdir(), 'hellotap-tokens-'))
  const folder = join(top, 'data')
  const path = join(folder, TOKENS_FILE)
  const { token } = newToken('nginx', 'analyst', 3_600_000)
  const { token: second } = newToken('siem', 'reader', undefined)
  after(() => rmSync(top, { recursive: true }))

  it('has none before the first is added', async () => {
    expect(await new TokenFile(path).list()).to.deep.equal([])
    expect(await new TokenFile(path).remove('nginx')).to.equal(false)
    expect(readdirSync(top)).to.deep.equal([])
  })

  it('keeps each name once, for its owner alone', async () => {
    const file = new TokenFile(path)
    expect(await file.add(token)).to.equal(true)
    expect(await file.add(second)).to.equal(true)
    expect(await file.add({ ...second, name: 'nginx' })).to.equal(false)
    expect(await new TokenFile(path).list()).to.deep.equal([token, second])
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    expect(statSync(folder).mode & 0o777).to.equal(0o700)
  })

  it('removes the token of a name, and writes nothing where there is none', async () => {
    const file = new TokenFile(path)
    const before = readFileSync(path)
    expect(await file.remove('unknown')).to.equal(false)
    expect(readFileSync(path)).to.deep.equal(before)
    expect(await file.remove('nginx')).to.equal(true)
    expect(await file.list()).to.deep.equal([second])
    expect(readdirSync(folder)).to.deep.equal([TOKENS_FILE])
  })

  it('replaces what an interrupted write left beside it', async () => {
    writeFileSync(`${path}.new`, '[{"name"')
    const file = new TokenFile(path)
    expect(await file.add(token)).to.equal(true)
    expect(await file.list()).to.deep.equal([second, token])
    expect(readdirSync(folder)).to.deep.equal([TOKENS_FILE])
  })

  it('names the file and the remedy where it is damaged, and keeps it', async () => {
    for (const text of ['', '{', '{}', '[{}]', JSON.stringify([{ ...token, role: 'root' }])]) {
      writeFileSync(path, text)
      const file = new TokenFile(path)
      for (const work of [() => file.list(), () => file.add(token), () => file.remove('nginx')]) {
        const error = await failureOf(work())
        expect(error).to.be.instanceOf(TokenError)
        expect(String(error)).to.contain(`${path} is damaged: restore it, or remove it`)
      }
      expect(readFileSync(path, 'utf8')).to.equal(text)
    }
  })

  it('says why it cannot be read or written', async () => {
    const within = join(path, TOKENS_FILE)
    expect(String(await failureOf(new TokenFile(within).list()))).to.match(
      /cannot read \S+: ENOTDIR/,
    )
    rmSync(folder, { recursive: true })
    writeFileSync(folder, 'a file where the folder should be')
    const error = await failureOf(new TokenFile(join(folder, 'more', TOKENS_FILE)).list())
    expect(String(error)).to.match(/cannot read/)
    rmSync(folder)
    // the name of the file that is written first is taken by a folder that is not empty
    const other = new TokenFile(path)
    await other.add(token)
    rmSync(path)
    await new TokenFile(join(`${path}.new`, 'x')).add(token)
    expect(String(await failureOf(other.add(token)))).to.match(
      /cannot write \S+ \(.*\): run this as the user hellotap runs as, or choose another --data-dir/,
    )
  })
})
