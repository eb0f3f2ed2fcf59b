import { expect } from 'chai'
import { portsText } from '../src/model/ports.js'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ConfigError } from '../src/config/config-error.js'
import {
  environmentConfig,
  handConfig,
  handedConfig,
  environmentName,
  loadConfig,
  readConfigFile,
} from '../src/config.js'
import { OPTIONS } from '../src/config/options.js'

describe('the configuration', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-config-'))))
  after(() => rmSync(folder, { recursive: true }))
  const file = (text: string) => {
    const path = join(folder, 'c.yaml')
    writeFileSync(path, text)
    return readConfigFile(path)
  }

  it('takes a flag before the environment, that before the file, that before the default', () => {
    const env = environmentConfig({ HELLOTAP_HTTP_PORT: '2000', HELLOTAP_TTL: '20' })
    const config = loadConfig(
      { 'http-port': '1000' },
      env,
      file('http-port: 3000\nttl: 30\nper-ip: 7\n'),
    )
    expect(config['http-port']).to.equal(1000)
    expect(config.ttl).to.equal(20)
    expect(config['per-ip']).to.equal(7)
    expect(config['https-port']).to.equal(OPTIONS['https-port'].default)
  })

  it('reads JSON as it reads YAML', () => {
    expect(file('{"ports": [443, 993]}')).to.deep.equal(file('ports: [443, 993]'))
  })

  it('reads lists with commas, repeated, and as lists', () => {
    expect(loadConfig({ ports: '443,993' }, {}, {}).ports).to.deep.equal([443, 993])
    expect(loadConfig({ ports: ['443', '993'] }, {}, {}).ports).to.deep.equal([443, 993])
    expect(loadConfig({ ports: '443,400-402' }, {}, {}).ports).to.deep.equal([443, 400, 401, 402])
    expect(portsText(loadConfig({ ports: 'any' }, {}, {}).ports ?? [])).to.equal('any')
    expect(portsText([8443, 443, 400, 401, 402, 5, 6])).to.equal('5,6,400-402,443,8443')
    for (const ports of ['0', '65536', '9-8', '1-', 'all', '443-70000'])
      expect(() => loadConfig({ ports }, {}, {}), ports).to.throw(ConfigError, 'must be ports from')
    expect(
      loadConfig({}, environmentConfig({ HELLOTAP_INTERFACE: 'eth0, lo' }), {}).interface,
    ).to.deep.equal(['eth0', 'lo'])
  })

  it('has an environment variable for every option', () => {
    expect(Object.keys(OPTIONS).map(environmentName)).to.include('HELLOTAP_TRUSTED_PROXY')
    for (const name of Object.keys(OPTIONS))
      expect(environmentName(name)).to.match(/^HELLOTAP_[A-Z_]+$/)
  })

  it('accepts what systemd/hellotap.yaml says', () => {
    const shipped = readConfigFile(resolve(import.meta.dirname, '../systemd/hellotap.yaml'))
    const config = loadConfig({}, {}, shipped)
    expect(config.redis).to.equal('redis://127.0.0.1:6379')
    expect(config['trusted-proxy']).to.deep.equal(['127.0.0.1'])
  })

  for (const [text, says] of [
    [
      'http-prot: 80',
      /unknown option http-prot: did you mean http-port\? \(in the configuration file\)/,
    ],
    ['- 80', /must hold options as "name: value" lines/],
    ['a: [', /is neither YAML nor JSON/],
    ['constructor: 1', /unknown option constructor/],
    ['__proto__: {"ttl": 1}', /unknown option __proto__/],
    ['{"__proto__": {"ttl": 1}}', /unknown option __proto__/],
    ['ttl: 0\nper-ip: 0\nttll: 1', /unknown option ttll: did you mean ttl.*\nttl .*\nper-ip /],
    ['a: [1\nttl: "x', /neither YAML nor JSON.*neither YAML nor JSON/s],
  ] as const)
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => loadConfig({}, {}, file(text))).to.throw(ConfigError, says)
    })

  it('takes an empty file for no options', () => {
    expect(file('')).to.deep.equal({})
  })

  it('names every mistake in one go', () => {
    const mistakes = () =>
      loadConfig({ 'http-port': '0x50' }, environmentConfig({ HELLOTAP_REDIS: 'localhost' }), {
        ttl: 0,
      })
    expect(mistakes).to.throw(ConfigError, /--http-port must be a whole number/)
    expect(mistakes).to.throw(ConfigError, /HELLOTAP_REDIS must be a Redis URL/)
    expect(mistakes).to.throw(
      ConfigError,
      /ttl in the configuration file must be a whole number from 1/,
    )
  })

  it('refuses an unknown variable of the environment', () => {
    const load = (env: Record<string, string>) => () => loadConfig({}, environmentConfig(env), {})
    expect(load({ HELLOTAP_HTTP_PROT: '80', HELLOTAP_TTL: '0' })).to.throw(
      ConfigError,
      /unknown environment variable HELLOTAP_HTTP_PROT: did you mean HELLOTAP_HTTP_PORT\?\nHELLOTAP_TTL must be/,
    )
    for (const name of ['HELLOTAP_CONSTRUCTOR', 'HELLOTAP___PROTO__'])
      expect(load({ [name]: '1' }), name).to.throw(ConfigError, name)
    // of Kubernetes, beside a service of this name
    expect(
      load({
        HELLOTAP_SERVICE_HOST: '10.0.0.1',
        HELLOTAP_PORT: 'tcp://10.0.0.1:8080',
        HELLOTAP_PORT_8080_TCP_ADDR: '10.0.0.1',
      }),
    ).to.not.throw()
    expect(load({ HELLOTAP_PORT: '80' })).to.throw(ConfigError, 'did you mean HELLOTAP_PORTS?')
  })

  it('reaches a child process as it is, with all ports too', () => {
    const given = loadConfig(
      {
        ...{ ports: 'any', 'http-ports': '80,8080', interface: ['eth0', 'lo'], server: true },
        ...{ tunnels: false, 'tunnel-port': 'vxlan=7777', sensor: 'north', ring: '64' },
      },
      {},
      {},
    )
    const { HELLOTAP_HANDED: handed } = handConfig(given)
    expect(handed?.length).to.be.below(1 << 17)
    process.env['HELLOTAP_HANDED'] = handed
    try {
      expect(handedConfig()).to.deep.equal(given)
      expect(environmentConfig(process.env)).to.not.have.property('handed')
    } finally {
      delete process.env['HELLOTAP_HANDED']
    }
    expect(handedConfig()).to.equal(undefined)
  })
})
