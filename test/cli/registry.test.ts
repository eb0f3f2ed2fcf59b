import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { registryText } from '../../src/cli/registry-command.js'
import { compareTables } from '../../src/doctor/registry-tables.js'
import { IANA_SNAPSHOT } from '../../src/tls/registry.js'
import { REGISTRY_NAMES } from '../../src/tls/registry-names.js'
import { finished, HELLOTAP, hellotap } from '../hellotap.js'

const top = resolve(import.meta.dirname, '../..')

describe('hellotap registry', () => {
  it('lists the registries with the date of their snapshot and what they hold', async () => {
    const { code, stdout } = await hellotap(['registry'])
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head).to.match(/^registry +snapshot +rows +assigned +title$/)
    expect(rows.map((row) => row.split(/ +/)[0])).to.deep.equal(REGISTRY_NAMES)
    for (const row of rows) expect(row.split(/ +/)[1]).to.equal(IANA_SNAPSHOT)
    expect(code).to.equal(0)
  })

  it('prints a registry: every value once, with name, status and reference', () => {
    const lines = registryText('cipher-suites', undefined, false)
      .split('\n')
      .map((line) => line.split(/ {2,}/))
    expect(lines[0]).to.deep.equal(['value', 'hex', 'name', 'status', 'reference'])
    expect(lines).to.deep.include([
      '4865',
      '0x1301',
      'TLS_AES_128_GCM_SHA256',
      'assigned',
      'RFC8446',
    ])
    expect(lines).to.deep.include(['93-95', '0x005d-0x005f', 'Unassigned', 'Unassigned'])
  })

  it('prints it as JSON, with its source', () => {
    const registry = JSON.parse(registryText('supported-groups', undefined, true)) as Record<
      string,
      unknown
    > & { rows: object[] }
    expect(registry).to.include({ registry: 'supported-groups', snapshot: IANA_SNAPSHOT })
    expect(registry['source']).to.match(/^https:\/\/www\.iana\.org\//)
    expect(registry.rows).to.have.length(registry['row_count'] as number)
    expect(registry.rows).to.deep.include({
      ...{ value: '29', first: 29, last: 29, hex: '0x001d' },
      ...{ name: 'x25519', status: 'assigned', reference: 'RFC8446' },
    })
  })

  it('lists them as JSON', () => {
    const list = JSON.parse(registryText(undefined, undefined, true)) as { registry: string }[]
    expect(list.map(({ registry }) => registry)).to.deep.equal(REGISTRY_NAMES)
  })

  const lookups: readonly [name: string, value: string, says: RegExp][] = [
    ['cipher-suites', '4865', /^4865 +0x1301 +TLS_AES_128_GCM_SHA256/m],
    ['cipher-suites', '0X1301', /^4865 +0x1301 +TLS_AES_128_GCM_SHA256/m],
    ['cipher-suites', '94', /^93-95 +0x005d-0x005f +Unassigned +Unassigned$/m],
    ['cipher-suites', 'tls_aes_128_gcm_sha256', /^4865 /m],
    ['extensions', '65037', /^65037 +0xfe0d +encrypted_client_hello +assigned/m],
    ['point-formats', '0', /^0 +0x00 +uncompressed +assigned +RFC8422$/m],
    ['alpn', 'h2', /^h2 +HTTP\/2 over TLS +assigned/m],
    ['quic-transport-parameters', '17', /^0x11 +version_information/m],
  ]
  for (const [name, value, says] of lookups)
    it(`looks up ${name} ${value}`, () => {
      const text = registryText(name, value, false)
      expect(text).to.match(says)
      expect(text.trimEnd().split('\n')).to.have.length(2)
    })

  it('looks up from the command line', async () => {
    const { code, stdout } = await hellotap(['registry', 'cipher-suites', '0x1301'])
    expect(stdout).to.match(/^4865 +0x1301 +TLS_AES_128_GCM_SHA256 +assigned +RFC8446$/m)
    expect(code).to.equal(0)
  })

  it('says what is wrong with a registry or value', async () => {
    expect(() => registryText('point-formats', '256', false)).to.throw(/values go from 0 to 255/)
    expect(() => registryText('alpn', 'h9', false)).to.throw(/alpn lists nothing under "h9"/)
    const { code, stdout, stderr } = await hellotap(['registry', 'ciphers'])
    expect(stderr).to.match(/unknown registry "ciphers": choose one of alpn, .*cipher-suites/)
    expect(stdout).to.equal('')
    expect(code).to.equal(2)
  })

  it('ends quietly when its output is closed', async () => {
    const script = '"$0" "$1" registry signature-schemes --json | true'
    const { code, stderr } = await finished(
      spawn('bash', ['-o', 'pipefail', '-c', script, process.execPath, HELLOTAP]),
    )
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
  })
})

describe('hellotap registry --check', () => {
  let folder: string
  const table = (name: string) => join(folder, 'registry', `${name}.csv`)
  const change = (name: string, from: string | RegExp, to: string) => {
    const text = readFileSync(table(name), 'utf8')
    const changed = text.replace(from, to)
    expect(changed).to.not.equal(text)
    writeFileSync(table(name), changed)
  }
  const check = () => compareTables(REGISTRY_NAMES, join(folder, 'registry'))

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    cpSync(join(top, 'registry'), join(folder, 'registry'), { recursive: true })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('finds that the tables and the program agree', async () => {
    const { code, stdout } = await hellotap(['registry', '--check'])
    expect(stdout).to.match(/^9 registries of 2026-08-11, [\d,]+ rows: as in the tables$/m)
    expect(code).to.equal(0)
  })

  it('exits 1 and says what differs from the tables', async () => {
    cpSync(join(top, 'dist'), join(folder, 'dist'), { recursive: true })
    cpSync(join(top, 'package.json'), join(folder, 'package.json'))
    symlinkSync(join(top, 'node_modules'), join(folder, 'node_modules'))
    change('cipher-suites', 'TLS_AES_128_GCM_SHA256', 'TLS_AES_128_GCM_SHA257')
    const run = (...args: string[]) =>
      finished(spawn(process.execPath, [join(folder, 'dist/cli/start.js'), 'registry', ...args]))
    const { code, stdout, stderr } = await run('--check')
    expect(stderr).to.match(/cipher-suites: description of 0x1301 is "TLS_AES_128_GCM_SHA257" in/)
    expect(stdout).to.equal('')
    expect(code).to.equal(1)
  })

  it('sees a status, a reference, a name, a value and a date that differ', async () => {
    expect(await check()).to.deep.equal([])
    change('extensions', 'server_name,assigned', 'server_name,Reserved')
    change('alpn', 'h2,HTTP/2 over TLS,assigned,RFC9113', 'h2,HTTP/2 over TLS,assigned,RFC7540')
    change('supported-groups', /^29,/m, '30,')
    change('point-formats', '# snapshot: 2026-08-11', '# snapshot: 2027-01-01')
    const faults = (await check()).join('\n')
    expect(faults).to.match(/extensions: status of .* is "Reserved" in the table, "assigned" in/)
    expect(faults).to.match(/alpn: reference of h2 is "RFC7540"/)
    expect(faults).to.match(/supported-groups: value of 30 is "30" in the table, "29" in this/)
    expect(faults).to.match(/point-formats: the table says snapshot 2027-01-01, this program 2026-/)
  })

  it('sees rows that are missing, and tells of a few differences only', async () => {
    change('cipher-suites', /^0x0000,.*\n/m, '')
    const faults = await check()
    expect(faults[0]).to.match(/the table has 431 rows, this program 432/)
    expect(faults).to.have.length.below(15)
    expect(faults.at(-1)).to.match(/cipher-suites: \d+ more/)
  })

  it('sees a table of a registry it does not have, and one that is not there', async () => {
    writeFileSync(table('new'), '')
    expect(await check()).to.deep.equal(['new.csv is a table of no registry of this program'])
    rmSync(table('alpn'))
    const error = await check().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(Error)
    expect((error as Error).message).to.match(/cannot read .*alpn\.csv/)
  })
})
