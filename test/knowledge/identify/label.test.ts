// What a label says of the library's version: by its own numbers, or by those of the browser that carries it.

import { expect } from 'chai'
import { versionOf } from '../../../tools/learn/label.js'

const CASES = [
  ['OpenSSL', '3.5.4-1~deb13u2', '3.5'],
  ['OpenSSL (node bundled)', '1.1.1u', '1.1.1'],
  ['BoringSSL', 'Chrome/149.0.7827.0', 'chromium 149'],
  ['BoringSSL', 'chromium 156.0.8078.79-1~deb12u1', 'chromium 156'],
  ['BoringSSL', '120.0.6099.224-1~deb11u1', 'chromium 120'],
  ['BoringSSL QUIC (quiche/Google)', '156.0.8078.114-1~deb13u1', 'chromium 156'],
  ['BoringSSL (bun)', 'bun 1.3.14', ''],
  ['BoringSSL (workerd)', 'workerd 1.20250109.0', ''],
  ['NSS', '2:3.110-1+deb13u5', '3.110'],
  ['NSS', '153.8.0esr-1~deb13u1', 'firefox 153'],
] as const

describe('the version of a label', () => {
  for (const [library, text, version] of CASES)
    it(`of ${library} ${text} is ${version || 'not known'}`, () => {
      const label = { file: '', label: '', client: '', library, library_version: text }
      expect(versionOf(label)).to.equal(version)
    })
})
