import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { claimOf } from '../src/user-agent.js'

const CHROME = 'AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36'
const LABELS = resolve(import.meta.dirname, '../captures/clients/labels.jsonl')

describe('claimOf', () => {
  const cases: readonly (readonly [string, object])[] = [
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} OPR/117.0.0.0`,
      { name: 'Opera', engine: 'chromium', version: 132, os: 'windows' },
    ],
    [
      `Mozilla/5.0 (X11; Linux x86_64) ${CHROME.replace('Chrome', 'HeadlessChrome')}`,
      { name: 'Chrome', engine: 'chromium', version: 132, os: 'linux' },
    ],
    [
      'Mozilla/5.0 (Android 13; Mobile; rv:135.0) Gecko/135.0 Firefox/135.0',
      { name: 'Firefox', engine: 'firefox', version: 135, os: 'android' },
    ],
    // every browser on iOS has the system's stack, and no version of it in its name
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.0.0 Mobile/15E148 Safari/604.1',
      { name: 'Chrome', engine: 'safari', os: 'ios' },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15',
      { name: 'Safari', engine: 'safari', version: 18, os: 'macos' },
    ],
    // WebKitGTK has GnuTLS: no rule of Safari's holds
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.5 Safari/605.1.15 Epiphany/605.1.15',
      { name: 'Epiphany', os: 'linux' },
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:102.0) Gecko/20100101 Goanna/6.5 Firefox/102.0 PaleMoon/32.5',
      { name: 'Pale Moon', os: 'linux' },
    ],
    [
      `Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html) ${CHROME}`,
      { name: 'Googlebot' },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)',
      { name: 'Safari', os: 'macos' },
    ],
    // a make of telephones, no automaton
    [
      `Mozilla/5.0 (Linux; Android 9; CUBOT_X19) ${CHROME}`,
      { name: 'Chrome', engine: 'chromium', version: 132, os: 'android' },
    ],
    // Tor Browser, and Firefox that resists fingerprinting, say this on every desktop system
    [
      'Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0',
      { name: 'Firefox', engine: 'firefox', version: 128 },
    ],
    ['curl/7.88.1', { name: 'curl', product: 'curl' }],
    ['Python/3.11 aiohttp/3.8.4', { name: 'Python', product: 'python' }],
    ['', { name: '' }],
    ['(no product)', { name: '' }],
  ]
  for (const [userAgent, claim] of cases)
    it(`reads ${userAgent.slice(0, 60)}`, () => {
      expect(claimOf(userAgent)).to.deep.equal(claim)
    })

  it('names the engine and version of every labelled browser', () => {
    let seen = 0
    for (const line of readFileSync(LABELS, 'utf8').trim().split('\n')) {
      const { user_agent } = JSON.parse(line) as { user_agent: string | null }
      const [, product, version] =
        /(?:Headless)?(Chrome|Firefox)\/(\d+)/.exec(user_agent ?? '') ?? []
      if (product === undefined || /Goanna/.test(user_agent ?? '')) continue
      seen++
      const engine = product === 'Chrome' ? 'chromium' : 'firefox'
      expect(claimOf(user_agent ?? ''), user_agent ?? '').to.include({
        engine,
        version: Number(version),
      })
    }
    expect(seen).to.be.above(50)
  })

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(claimOf(text).name).to.be.a('string')
        expect(claimOf(`Mozilla/5.0 ${text}`).name).to.be.a('string')
      }),
    )
  })
})
