// Asks every few seconds and shows what changed. Paused, or in a hidden tab, it asks nothing.

import { byId, make, show, wireCopy } from './dom.js'
import { renderHero, renderKinds, renderLists, renderStats, renderWire, time } from './render.js'

import { renderVerdicts } from './verdicts.js'

const EVERY_MS = 3000
/** Statistics change slowly and cost more: with every fourth round. */
const STATS_ROUNDS = 4

let paused = false
let busy = false
let round = 0
let timer
let shownAnswer = ''
let shownVerdicts = ''
let shownHeld = 0
let answer

async function ask(path) {
  const response = await fetch(path, {
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  }).catch(() => {
    throw new Error('The server does not answer. Trying again…')
  })
  const body = await response.json()
  if (!response.ok) throw new Error(body.detail ?? `the server answered ${response.status}`)
  return body
}

async function refresh() {
  clearTimeout(timer)
  // A round under way goes on by itself: a second one beside it would never end.
  if (busy) return
  busy = true
  try {
    const body = await ask('/fps?detail=1')
    if (body.tls_fp === undefined) renderEmpty(body)
    else renderAnswer(body)
    if (round++ % STATS_ROUNDS === 0) await refreshStats()
    setStatus('live', `Live · checked ${time(Date.now() / 1000)}`)
  } catch (error) {
    setStatus('down', 'Not live')
    setNotice(error.message)
  }
  busy = false
  if (paused) setStatus('', 'Paused')
  else if (!document.hidden) timer = setTimeout(refresh, EVERY_MS)
}

async function refreshStats() {
  try {
    const [stats, agents] = await Promise.all([
      ask('/stats?limit=200'),
      ask('/stats?bo=1&limit=200'),
    ])
    renderStats(stats, answer, agents.fingerprints)
  } catch {
    // The fingerprint is what counts; the numbers come with a later round.
  }
}

function renderAnswer(body) {
  answer = body
  const secure = location.protocol === 'https:'
  if (body.uncertain !== undefined) setNotice(body.uncertain)
  else if (body.matched_by !== 'connection' && !secure)
    setNotice(
      'This page came over plain HTTP, so this visit has no hello of its own. Below is the latest one from your address, perhaps of another program. ',
      httpsUrl(),
    )
  else if (body.shared_ip === true && body.matched_by !== 'connection') setNotice(body.note)
  else setNotice('')
  show(byId('empty'), false)
  show(byId('hero'), true)
  show(byId('answer'), true)

  // Only what changed is drawn again: a selection or an open list stays as the reader left it.
  const {
    utc_now: _now,
    num_fingerprints: held,
    user_agents: _agents,
    implementation,
    learnt,
    rarity,
    novelty,
    check,
    ...rest
  } = body
  const text = JSON.stringify(rest)
  const verdicts = JSON.stringify([implementation, learnt, rarity?.windows?.all, novelty, check])
  if (verdicts !== shownVerdicts) renderVerdicts(body)
  shownVerdicts = verdicts
  if (text !== shownAnswer || held !== shownHeld) renderHero(body)
  shownHeld = held
  if (text === shownAnswer) return
  const first = shownAnswer === ''
  shownAnswer = text
  renderKinds(body)
  renderWire(body)
  renderLists(body)
  byId('announce').textContent =
    `${first ? 'Fingerprint' : 'New fingerprint'} seen at ${time(body.timestamp)}, ${held} held for your address.`
  if (!first) round = 0
  byId('hero').classList.remove('fresh')
  void byId('hero').offsetWidth
  if (!first) byId('hero').classList.add('fresh')
}

function renderEmpty(body) {
  answer = undefined
  shownAnswer = ''
  setNotice('')
  show(byId('hero'), false)
  show(byId('answer'), false)
  show(byId('empty'), true)
  const url = httpsUrl()
  const secure = location.protocol === 'https:'
  const isUndecided = body.num_fingerprints > 0
  byId('empty-title').textContent = isUndecided
    ? 'No certain hello from you'
    : 'No hello from you yet'
  byId('empty-text').textContent = isUndecided
    ? body.msg
    : secure
      ? `The sensor has not seen a TLS hello from ${body.lookup_ip}. It may be looking at another interface or port.`
      : `You came over plain HTTP, where nobody says hello. Open this page over HTTPS and the fingerprint of that very connection appears.`
  show(byId('empty-action'), url !== undefined)
  if (url !== undefined) {
    byId('empty-link').href = url
    byId('empty-link').textContent = `Open ${url}`
  }
  byId('empty-hint').textContent = secure
    ? '“hellotap interfaces” lists what can be captured on; this page looks again by itself.'
    : url === undefined
      ? 'Any TLS connection from this machine that the sensor sees will do; this page looks again by itself.'
      : 'Its certificate is self-signed: your browser will ask you once whether you trust it.'
}

/** Our own HTTPS listener under the name the reader used, where there is one and this is not it. */
function httpsUrl() {
  const port = document.documentElement.dataset.httpsPort
  if (port === '' || location.protocol === 'https:') return undefined
  return `https://${location.hostname}:${port}/`
}

function setNotice(text, url) {
  const notice = byId('notice')
  show(notice, text !== '')
  if (notice.dataset.text === text) return
  notice.dataset.text = text
  notice.replaceChildren(text)
  if (url === undefined) return
  const link = make('a', '', `Open ${url}`)
  link.href = url
  notice.append(link)
}

function setStatus(state, text) {
  byId('status').textContent = text
  const pulse = byId('pulse')
  pulse.className = 'pulse'
  // Read in between, or the browser folds both changes into one and the pulse does not beat again.
  void pulse.offsetWidth
  pulse.className = `pulse ${state}`
}

byId('pause').addEventListener('click', () => {
  paused = !paused
  byId('pause').setAttribute('aria-pressed', String(paused))
  byId('pause').textContent = paused ? 'Resume' : 'Pause'
  if (paused) {
    clearTimeout(timer)
    setStatus('', 'Paused')
  } else void refresh()
})
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !paused) void refresh()
})
for (const button of document.querySelectorAll('button[data-copy]'))
  wireCopy(button, () => byId(button.dataset.copy).textContent)

void refresh()
