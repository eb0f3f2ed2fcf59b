// The evidence of the labelled captures: what the libraries are known to do is what is read off the wire.

import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readCapture, readEvidence } from '../../src/index.js'

const folder = resolve(import.meta.dirname, '../../captures/clients')
const labels = readFileSync(join(folder, 'labels.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { file: string; library: string; impersonates?: string })

/** Libraries whose hybrid share repeats the X25519 share beside it, and those whose does not. */
const SHARED = /^(NSS|Go crypto\/tls|rustls)/
const FRESH = /^(BoringSSL|OpenSSL|JSSE)/

describe('evidence of the labelled captures', () => {
  it('tells by the hybrid share which way each library makes it', async function () {
    this.timeout(180_000)
    const wrong: string[] = []
    let seen = 0
    for (const { file, library, impersonates } of labels) {
      if (impersonates !== undefined) continue
      const path = join(folder, file)
      for await (const { evidence = '' } of readCapture(path, { hello: true, fingerprints: [] })) {
        const shared = readEvidence(evidence)?.x25519_shared
        if (shared === undefined) continue
        seen++
        if ((SHARED.test(library) && !shared) || (FRESH.test(library) && shared))
          wrong.push(`${file} (${library}): ${evidence}`)
      }
    }
    expect(wrong).to.deep.equal([])
    expect(seen).to.be.above(100)
  })
})
