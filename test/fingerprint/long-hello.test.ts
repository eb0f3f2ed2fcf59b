import { expect } from 'chai'
import {
  MAX_LISTED_BYTES,
  MAX_LISTED_EXTENSIONS,
  MAX_LISTED_VALUES,
} from '../../src/base/limits.js'
import { be16, clientHello, type Extension, byteRun, vector16 } from '../tls/hello-builder.js'
import { sightingOf } from './hellos.js'

const words = (count: number) => Array.from({ length: count }, (_, i) => 0x0100 + i)
const list = (count: number) => vector16(words(count).flatMap(be16))
const with_ = (extensions: readonly Extension[], ciphers = [0x1301]) =>
  sightingOf(clientHello({ ciphers, extensions }))

describe('a hello made to be long', () => {
  it('is whole up to the bounds, and has no mark', () => {
    const sighting = with_(
      [
        [10, list(MAX_LISTED_VALUES)],
        [13, list(MAX_LISTED_VALUES)],
        [0x18, byteRun(MAX_LISTED_BYTES)],
        ...words(MAX_LISTED_EXTENSIONS - 3).map((type): Extension => [type, []]),
      ],
      words(MAX_LISTED_VALUES),
    )
    expect(sighting).not.to.have.property('cut')
    expect(sighting.ja3_string?.split(',')[1]?.split('-')).to.have.length(MAX_LISTED_VALUES)
    expect(sighting.ja4_r?.split('_')[1]?.split(',')).to.have.length(MAX_LISTED_VALUES)
  })

  it('has fingerprints of the first values beyond them, and says of which lists', () => {
    const long = with_(
      [
        [10, list(9_000)],
        [13, list(9_000)],
        [0x18, byteRun(9_000)],
        ...words(MAX_LISTED_EXTENSIONS).map((type): Extension => [type, []]),
      ],
      words(9_000),
    )
    expect(long.cut).to.deep.equal([
      ...['ciphers', 'extensions', 'supported_groups', 'signature_algorithms', 'extension_data'],
    ])
    const first = with_(
      [
        [10, list(MAX_LISTED_VALUES)],
        [13, list(MAX_LISTED_VALUES)],
        [0x18, byteRun(9_000)],
        ...words(MAX_LISTED_EXTENSIONS - 3).map((type): Extension => [type, []]),
      ],
      words(MAX_LISTED_VALUES),
    )
    for (const key of ['ja3', 'ja3n', 'ja4', 'ja4_o', 'sha3_384', 'sha3_384_stable'] as const)
      expect(long[key], key).to.equal(first[key])
    expect(JSON.stringify(long).length).to.be.below(50_000)
  })

  it('shows the first names of ALPN, and says so', () => {
    const names = Array.from({ length: 9_000 }, () => [1, 0x61]).flat()
    const { alpn, cut } = with_([[16, vector16(names)]])
    expect(alpn).to.have.length(MAX_LISTED_BYTES / 2)
    expect(cut).to.deep.equal(['alpn', 'extension_data'])
  })
})
