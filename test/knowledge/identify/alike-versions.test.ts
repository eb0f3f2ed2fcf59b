// Versions are alike where every setting recorded with both gives a profile that both have.

import { expect } from 'chai'
import { alikeVersions } from '../../../tools/learn/alike-versions.js'
import type { Client } from '../../../tools/learn/captures.js'

const client = (version: string, configuration: string, ...profiles: number[]): Client => ({
  label: {
    file: '',
    label: '',
    library: 'GnuTLS',
    library_version: version,
    client: 'wget',
    configuration,
  },
  isPermuting: false,
  profiles: profiles.map((token) => ({
    tokens: new Set([token]),
    order: [],
    count: 1,
    fingerprints: new Map(),
  })),
})
const alike = (...clients: Client[]) =>
  alikeVersions(clients, ({ profiles }) => profiles.map(({ tokens }) => [...tokens].join()))

describe('versions that nothing tells apart', () => {
  it('are those beside each other with the same profile', () => {
    const runs = alike(client('3.5', '', 1), client('3.6', '', 1), client('3.10', '', 2))
    expect(runs.get('3.5')).to.deep.equal(['3.5', '3.6'])
    expect(runs.get('3.6')).to.deep.equal(['3.5', '3.6'])
    expect(runs.get('3.10')).to.deep.equal(['3.10'])
  })

  it('are not those that one setting tells apart', () => {
    const runs = alike(
      client('3.5', '', 1),
      client('3.5', 'TLS 1.2 at most', 2),
      client('3.6', '', 3),
      client('3.6', 'TLS 1.2 at most', 2),
    )
    expect(runs.get('3.5')).to.deep.equal(['3.5'])
  })

  it('are not those without a setting that was recorded with both', () => {
    const runs = alike(client('3.5', '', 1), client('3.6', 'IP address URL', 1))
    expect(runs.get('3.6')).to.deep.equal(['3.6'])
  })

  it('may differ in some hellos, as those of a resumed session', () => {
    const runs = alike(client('3.5', '', 1, 2), client('3.6', '', 2, 3))
    expect(runs.get('3.6')).to.deep.equal(['3.5', '3.6'])
  })
})
