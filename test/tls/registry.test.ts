import { expect } from 'chai'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { needs, tools } from '../capability.js'
import {
  CIPHER_DROPPED,
  EXTENSION_DROPPED,
  GROUP_DROPPED,
  IANA_SNAPSHOT,
} from '../../src/tls/registry.js'
import type { RegistryName } from '../../src/tls/registry-names.js'
import {
  REGISTRY_NAMES,
  certificateCompressionName,
  checkRegistry,
  cipherSuiteName,
  extensionName,
  groupName,
  listRegistry,
  pointFormatName,
  pskKeyExchangeModeName,
  quicTransportParameterName,
  registrySource,
  signatureSchemeName,
  statusOf,
} from '../../src/tls/registry-names.js'

const GREASE = Array.from({ length: 16 }, (_, i) => ((i << 4) | 0x0a) * 0x0101)

describe('registries', () => {
  it('name their snapshot and their source', () => {
    expect(IANA_SNAPSHOT).to.equal('2026-08-11')
    for (const name of REGISTRY_NAMES)
      expect(registrySource(name).source).to.match(/^https:\/\/www\.iana\.org\/assignments\//)
  })

  it('cover every value exactly once', () => {
    for (const name of REGISTRY_NAMES) expect(checkRegistry(name)).to.deep.equal([])
    const covered = (name: RegistryName) =>
      listRegistry(name).reduce((count, row) => count + row.last - row.first + 1, 0)
    for (const name of [
      'cipher-suites',
      'extensions',
      'supported-groups',
      'signature-schemes',
    ] as const)
      expect(covered(name), name).to.equal(65_536)
    expect(covered('point-formats')).to.equal(256)
  })

  it('are generated from the tables as they are', () => {
    const script = new URL('../../tools/make-registry.mjs', import.meta.url).pathname
    expect(spawnSync(process.execPath, [script, '--check']).status).to.equal(0)
  })

  it('drop what IANA lists as exactly Reserved or Unassigned, and nothing else', () => {
    for (const [name, dropped] of [
      ['cipher-suites', CIPHER_DROPPED],
      ['extensions', EXTENSION_DROPPED],
      ['supported-groups', GROUP_DROPPED],
    ] as const)
      for (let value = 0; value < 65_536; value++) {
        const status = statusOf(name, value)
        const expected = status === 'Reserved' || status === 'Unassigned' ? 1 : 0
        if (dropped[value] !== expected) expect.fail(`${name} ${value} is ${status}`)
      }
  })

  it('drop and keep the values the classic did', () => {
    const kept = (table: Uint8Array, values: number[]) => values.filter((v) => table[v] === 0)
    expect(kept(CIPHER_DROPPED, [...GREASE, 129, 0x5d, 0x83, 0xc8, 0x1300, 0xc0b6, 0xd004, 0xfefd]))
      .to.be.empty
    const ciphers = [
      65413, 0x00ff, 0x5600, 0x1c, 0x47, 0x66, 0xfefe, 0xff00, 0xffff, 0x1307, 0xc106,
    ]
    expect(kept(CIPHER_DROPPED, ciphers)).to.deep.equal(ciphers)
    expect(kept(EXTENSION_DROPPED, [...GREASE, 13172, 17513, 17613, 30032, 51764, 4832, 40, 46])).to
      .be.empty
    const extensions = [65037, 65445, 65486, 0, 39, 41, 47, 60, 61, 62, 64768, 65280, 65281, 65535]
    expect(kept(EXTENSION_DROPPED, extensions)).to.deep.equal(extensions)
    expect(kept(GROUP_DROPPED, [...GREASE, 0, 42, 261, 515, 4586, 25499, 65280, 65283])).to.be.empty
    const groups = [
      1, 14, 29, 41, 256, 260, 508, 512, 514, 4587, 4588, 4589, 25497, 65024, 65281, 65282,
    ]
    expect(kept(GROUP_DROPPED, groups)).to.deep.equal(groups)
  })

  it("keep all of macOS curl's ciphers but 129 (the classic's published sample)", () => {
    const wire = [
      ...[
        4867, 4866, 4865, 52393, 52392, 52394, 49200, 49196, 49192, 49188, 49172, 49162, 159, 107,
      ],
      ...[
        57, 65413, 196, 136, 129, 157, 61, 53, 192, 132, 49199, 49195, 49191, 49187, 49171, 49161,
      ],
      ...[
        158, 103, 51, 190, 69, 156, 60, 47, 186, 65, 49169, 49159, 5, 4, 49170, 49160, 22, 10, 255,
      ],
    ]
    expect(wire.filter((suite) => CIPHER_DROPPED[suite] === 1)).to.deep.equal([129])
  })

  it('are tables without names: the names load apart', () => {
    const file = new URL('../../src/tls/registry.ts', import.meta.url)
    expect(readFileSync(file, 'utf8')).to.not.match(/from '.\/registry-(data|names)/)
  })

  it('give names and statuses', () => {
    expect(cipherSuiteName(0x1301)).to.equal('TLS_AES_128_GCM_SHA256')
    expect(cipherSuiteName(0x0a0a)).to.equal('GREASE (0x0a0a)')
    expect(cipherSuiteName(0x1234)).to.equal('unassigned (0x1234)')
    expect(cipherSuiteName(0x0047)).to.equal('reserved (0x0047)')
    expect(cipherSuiteName(0xff01)).to.equal('private use (0xff01)')
    expect(extensionName(65037)).to.equal('encrypted_client_hello')
    expect(extensionName(17613)).to.equal('application_settings')
    expect(groupName(4588)).to.equal('X25519MLKEM768')
    expect(signatureSchemeName(0x0905)).to.equal('mldsa65')
    expect(signatureSchemeName(0x8a8a)).to.equal('GREASE (0x8a8a)')
    expect(signatureSchemeName(0x0202)).to.equal('sha1/dsa')
    expect(pointFormatName(0)).to.equal('uncompressed')
    expect(pointFormatName(9)).to.equal('unassigned (0x09)')
    expect(pskKeyExchangeModeName(1)).to.equal('psk_dhe_ke')
    expect(pskKeyExchangeModeName(0x2a)).to.equal('GREASE (0x2a)')
    expect(certificateCompressionName(2)).to.equal('brotli')
    expect(quicTransportParameterName(0x0fn)).to.equal('initial_source_connection_id')
    expect(quicTransportParameterName(31n * 12_345_678_901_234_567n + 27n)).to.match(/^GREASE/)
    expect(quicTransportParameterName(0x7777n)).to.equal('unassigned (0x7777)')
    expect(statusOf('cipher-suites', 129)).to.equal('Unassigned')
    expect(statusOf('cipher-suites', 65413)).to.equal('Private Use')
    expect(statusOf('cipher-suites', 0x1c)).to.equal('other Reserved')
    expect(statusOf('supported-groups', 0)).to.equal('Reserved')
    expect(statusOf('extensions', 0)).to.equal('assigned')
  })

  it('name values as tshark does, where both assign them', function () {
    needs(this, tools('tshark'))
    const values = execFileSync('tshark', ['-G', 'values'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    }).toString('latin1')
    // tshark 4.0's names of 2022: one spelt otherwise, three given to experiments before IANA assigned them.
    const otherwise = new Set([
      '34 delegated_credentials',
      '512 frodo640aes',
      '513 frodo640shake',
      '514 frodo976aes',
    ])
    const compared: Record<string, number> = {}
    for (const line of values.split('\n')) {
      const [kind, field, value, name] = line.split('\t')
      const registry = (
        {
          'tls.handshake.ciphersuite': 'cipher-suites',
          'tls.handshake.extension.type': 'extensions',
          'tls.handshake.extensions_supported_group': 'supported-groups',
          'tls.handshake.sig_hash_alg': 'signature-schemes',
          'tls.handshake.extensions_ec_point_format': 'point-formats',
        } as Record<string, RegistryName>
      )[field ?? '']
      if (kind !== 'V' || registry === undefined) continue
      const number = Number(value)
      if (name === 'Reserved (GREASE)') {
        expect(GREASE).to.include(number)
        continue
      }
      if (statusOf(registry, number) !== 'assigned' || otherwise.has(`${number} ${name ?? ''}`))
        continue
      expect(listRegistry(registry).find((row) => row.first === number)?.description).to.equal(name)
      compared[registry] = (compared[registry] ?? 0) + 1
    }
    expect(compared['cipher-suites']).to.be.above(340)
    expect(compared['extensions']).to.be.above(45)
    expect(compared['supported-groups']).to.be.above(35)
    expect(compared['signature-schemes']).to.be.above(15)
  })
})
