import { chromiumBrowser, needs } from '../capability.js'
import { rowsOf, rowsOfCapture, sightingsInRows } from '../rows.js'
import { checkSightings } from '../../src/check-capture.js'
import { describeSighting, implementationOf } from '../../src/sighting-facts.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
// The page in a real browser: Debian's Chromium, against the real app over its own HTTPS.

import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { createApp } from '../../src/api/app.js'
import type { Listening } from '../../src/api/listen.js'
import { listen } from '../../src/api/listen.js'
import { selfSigned } from '../../src/api/self-signed.js'
import type { Sighting } from '../../src/model/sighting.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { CURL_FP, sha3, sighting } from '../api/fixture.js'

const CHROMIUM = '/usr/bin/chromium'
const CHROME = 'captures/chromium156.pcap'
const HOSTILE = '<img src=x onerror="document.title=1"><b>hostile</b>'

describe('the page', function () {
  this.timeout(30_000)
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-page-'))
  let browser: Browser
  let store: MemoryStore
  let listening: Listening
  let page: Page
  let app: RequestListener
  let complaints: string[]

  before(async function () {
    needs(this, chromiumBrowser)
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
  })
  after(async () => {
    await (browser as Browser | undefined)?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  beforeEach(async () => {
    store = new MemoryStore({ ttlSeconds: 3600, perIp: 100, spool: 10 }, storedSightings())
    app = createApp({
      store,
      trustedProxies: [],
      waitMs: 0,
      httpsPort: 8443,
      describe: (one) => ({
        ciphers_length: 62,
        extensions: [
          { id: 2570, name: 'GREASE' },
          { id: 0, name: 'server_name', data: one.sni ?? '' },
        ],
        ciphers: [{ id: 4866, name: HOSTILE }],
        signature_algorithms_length: 40,
      }),
    })
    await serve()
  })
  afterEach(async () => {
    await page.context().close()
    await listening.close()
  })

  const serve = async (port = 0) => {
    const pair = await selfSigned(folder)
    listening = await listen({ http: { port: 0 }, https: { port, ...pair } }, app)
  }
  const now = () => new Date().toISOString()
  const put = (changes: Partial<Sighting> = {}) =>
    store.put(rowsOf([sighting({ time: now(), ...changes })]))
  /** Opens the page, over HTTPS unless told otherwise, and gathers what the browser complains of. */
  const open = async (options: BrowserContextOptions = {}, scheme: 'http' | 'https' = 'https') => {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
    page = await context.newPage()
    await page.clock.install()
    complaints = []
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    await page.goto(`${scheme}://127.0.0.1:${listening[scheme]?.port}/`)
  }
  /** The API with all that it answers, and a browser's hello. */
  const serveAll = async () => {
    const [captured] = sightingsInRows(await rowsOfCapture(CHROME))
    app = createApp({
      store,
      trustedProxies: [],
      waitMs: 0,
      describe: describeSighting,
      identify: implementationOf,
      check: checkSightings,
      learnt: {
        observe: () => undefined,
        labelOf: () => ({ label: HOSTILE, networks: 20, days: 3 }),
      },
    })
    await listening.close()
    await serve()
    put({ ...captured, time: now(), src: '127.0.0.1' })
  }
  /** Lets the page's timer come due at once. */
  const nextRound = () => page.clock.fastForward(3000)
  const text = async (selector: string) => (await page.locator(selector).textContent()) ?? ''

  it('shows the fingerprint, the browser’s own word, and that it verified the hash itself', async () => {
    put()
    await open()
    await page.getByText('verified in your browser').waitFor()
    expect(await text('h1 >> visible=true')).to.equal('This is your last TLS fingerprint')
    expect(await text('#print')).to.equal(sha3(CURL_FP))
    expect(await text('#kinds')).to.contain(sighting().ja4 ?? 'none')
    expect(await text('#agent')).to.equal(await page.evaluate<string>('navigator.userAgent'))
    expect(await text('#lists'))
      .to.contain('server_name')
      .and.to.contain('GREASE')
    await page.locator('#bars li.own').waitFor()
    expect(complaints).to.deep.equal([])
  })

  it('answers the four questions, and keeps still while nothing changes', async () => {
    await serveAll()
    await open()
    await page.locator('#verdicts article').nth(3).waitFor()
    const cards = await page.locator('#verdicts article').allTextContents()
    expect(cards).to.have.length(4)
    expect(cards[0]).to.contain('BoringSSL').and.to.contain(`Learnt here: ${HOSTILE}, from 20`)
    expect(cards[1]).to.match(/Fits|Does not fit|Cannot be told/)
    expect(cards[2]).to.contain('only client counted')
    expect(cards[3]).to.contain('Too early to say')
    const said = await text('[aria-live=polite]')
    await page.evaluate("document.querySelector('#kinds article').dataset.mark = 'kept'")
    const answered = page.waitForResponse(/detail=1/)
    await nextRound()
    await (await answered).finished()
    await page.locator('#status', { hasText: 'Live' }).waitFor()
    expect(await page.locator('#kinds article[data-mark=kept]').count()).to.equal(1)
    expect(await text('[aria-live=polite]')).to.equal(said)
    expect(complaints).to.deep.equal([])
  })

  it('says what is not certain of the hello, and why there is none', async () => {
    put({ quality: ['no-syn'] })
    await open()
    await page.locator('#notice', { hasText: 'anybody may have sent' }).waitFor()
    await page.context().close()
    await store.forget('127.0.0.1')
    for (const sha3_384_stable of ['ab', 'cd'].map((two) => two.repeat(48)))
      put({ sha3_384_stable, quality: ['conflict'] })
    await open()
    await page.locator('#empty-text', { hasText: 'can be read as different hellos' }).waitFor()
    expect(await text('h1 >> visible=true')).to.equal('No certain hello from you')
    expect(complaints).to.deep.equal([])
  })

  for (const [width, colorScheme] of [
    [360, 'dark'],
    [1280, 'light'],
  ] as const)
    it(`fits ${width} px in ${colorScheme}, every control with a name`, async () => {
      await serveAll()
      await open({ viewport: { width, height: 900 }, colorScheme })
      await page.locator('#bars li.own').waitFor()
      const beyond = await page.evaluate<number>(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      )
      expect(beyond).to.equal(0)
      const folder = process.env['SCREENSHOTS']
      if (folder !== undefined)
        await page.screenshot({ path: `${folder}/${width}-${colorScheme}.png`, fullPage: true })
      for (const control of await page.locator('button:visible, a:visible').all()) {
        const name = `${(await control.getAttribute('aria-label')) ?? ''}${(await control.textContent()) ?? ''}`
        expect(name.trim()).not.to.equal('')
      }
    })

  it('does not verify a hash that is not the one of tls_fp', async () => {
    put({ sha3_384: sha3({ ...CURL_FP, ciphers: '1' }) })
    await open()
    await page.getByText('does not match tls_fp').waitFor()
  })

  it('shows by itself what comes later, and says so politely', async () => {
    put()
    await open()
    await page.getByText('verified in your browser').waitFor()
    const later = { ...CURL_FP, ciphers: '4865' }
    put({ tls_fp: later, sha3_384: sha3(later), ja4: 't13d_later' })
    await nextRound()
    await page.locator('#kinds').getByText('t13d_later').waitFor()
    expect(await text('#print')).to.equal(sha3(later))
    expect(await text('[aria-live=polite]')).to.match(/^New fingerprint seen at /)
  })

  it('shows the same JA4 in the reader’s row as in the card, after a resumption too', async () => {
    put()
    // a resumed session offers pre_shared_key besides: one stable fingerprint, two JA4
    put({ ja4: 't13d_resumed' })
    await open()
    await page.locator('#bars li.own').waitFor()
    expect(await text('#kinds')).to.contain('t13d_resumed')
    expect(await text('#bars li.own code')).to.equal('t13d_resumed')
  })

  it('asks nothing while it is paused', async () => {
    put()
    await open()
    await page.getByText('verified in your browser').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    let asked = 0
    page.on('request', () => asked++)
    await page.clock.fastForward(60_000)
    await page.waitForTimeout(300)
    expect(asked).to.equal(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await page.getByText(/^Live/).waitFor()
  })

  it('shows hostile text as text, wherever it comes from', async () => {
    put({ sni: HOSTILE, alpn: [HOSTILE], ja4: HOSTILE, ja3: HOSTILE })
    await store.observeUserAgent({
      ip: '127.0.0.1',
      userAgent: HOSTILE,
      via: 'api',
      time: Date.now() / 1000,
    })
    await open({ userAgent: HOSTILE })
    await page.locator('#bars li').first().waitFor()
    for (const part of ['#kinds', '#wire', '#agent', '#lists', '#bars'])
      expect(await text(part), part).to.contain(HOSTILE)
    expect(await page.locator('img, b').count()).to.equal(0)
    expect(await page.title()).to.match(/hellotap/)
    expect(complaints).to.deep.equal([])
  })

  it('copies a fingerprint', async () => {
    put()
    await open({ permissions: ['clipboard-read', 'clipboard-write'] })
    await page.getByRole('button', { name: 'Copy JA4', exact: true }).click()
    await page.getByText('Copied').waitFor()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).to.equal(sighting().ja4)
  })

  it('sends a reader who came over plain HTTP to HTTPS while nothing was seen', async () => {
    await open({}, 'http')
    await page.getByText('No hello from you yet').waitFor()
    expect(await page.locator('#empty-link').getAttribute('href')).to.equal(
      'https://127.0.0.1:8443/',
    )
    expect(await page.locator('#hero').isVisible()).to.equal(false)
    put()
    await nextRound()
    await page.getByText('verified in your browser').waitFor()
    expect(await text('#notice')).to.match(/plain HTTP.*https:\/\/127\.0\.0\.1:8443/)
  })

  it('says when the server is away, and comes back by itself', async () => {
    put()
    await open()
    await page.getByText('verified in your browser').waitFor()
    await listening.close()
    await nextRound()
    await page.getByText('Not live').waitFor()
    expect(await text('#notice')).to.match(/does not answer/)
    await serve(listening.https?.port)
    await nextRound()
    await page.getByText(/^Live/).waitFor()
    expect(await page.locator('#notice').isVisible()).to.equal(false)
  })

  for (const width of [360, 768, 1440])
    it(`fits a window ${width} pixels wide, in the dark too`, async () => {
      put({ sni: 'a'.repeat(250), ja4: 'b'.repeat(300) })
      await open({ viewport: { width, height: 900 }, colorScheme: 'dark' })
      await page.getByText('verified in your browser').waitFor()
      const { width: body } = (await page.locator('body').boundingBox()) ?? { width: 0 }
      expect(body).to.be.at.most(width)
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth')
      expect(wide).to.equal(width)
    })
})
