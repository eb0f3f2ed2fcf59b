// From an answer of the API to elements. Each function fills one part of the page.

import { byId, copyButton, make, putGrouped, show } from './dom.js'
import { canonicalJson, isVerified } from './verify.js'

const KINDS = [
  ['ja4', 'JA4', 'Sorted, so it survives permuted extensions'],
  [
    'sha3_384_stable',
    'sha3_384_stable',
    'Sorted, without what changes from one connection to the next',
  ],
  ['ja3', 'JA3', 'MD5 over lists in wire order'],
  ['ja3n', 'JA3N', 'JA3 with extensions sorted'],
  ['ja4_r', 'JA4_r', 'JA4 before hashing'],
  ['npf', 'NPF', 'Mercury’s network protocol fingerprint'],
]

const LISTS = [
  ['ciphers', 'Cipher suites'],
  ['extensions', 'Extensions'],
  ['supported_groups', 'Groups'],
  ['signature_algorithms', 'Signature algorithms'],
  ['ec_point_formats', 'Point formats'],
]

/** The hash, its check, and where the hello came from. */
export function renderHero(answer) {
  const hash = String(answer.sha3_384 ?? '')
  putGrouped(byId('print'), hash)
  const verified = answer.tls_fp !== undefined && isVerified(answer.tls_fp, hash)
  const badge = byId('verified')
  badge.textContent = verified ? '✓ verified in your browser' : '✗ does not match tls_fp'
  badge.className = verified ? 'badge good' : 'badge bad'

  const own = answer.matched_by === 'connection'
  byId('lead').textContent = own
    ? 'Of this very connection, taken passively off the wire.'
    : 'The latest hello from your address, taken passively off the wire.'

  const facts = [
    [fact('seen', time(answer.timestamp)), answer.timestamp !== undefined],
    [fact('from', place(answer.ip, answer.srcport)), answer.ip !== undefined],
    [fact('to', place(answer.dst, answer.dstport)), answer.dst !== undefined],
    [fact('held for your address', String(answer.num_fingerprints)), true],
    [
      fact('different ones', String(answer.concurrent_fingerprints)),
      answer.concurrent_fingerprints > 1,
    ],
    [fact('marks', (answer.quality ?? []).join(', ')), answer.quality?.length > 0],
  ]
  byId('facts').replaceChildren(...facts.filter(([, shown]) => shown).map(([element]) => element))
}

/** The other kinds of fingerprint, each to be copied. */
export function renderKinds(answer) {
  byId('kinds').replaceChildren(
    ...KINDS.filter(([key]) => typeof answer[key] === 'string' && answer[key] !== '').map(
      ([key, name, what]) =>
        make(
          'article',
          'kind',
          make('h3', '', name),
          make('p', 'what', what),
          make('code', 'value', answer[key]),
          copyButton(() => answer[key], name),
        ),
    ),
  )
}

/** The browser's word beside what the hello tells. */
export function renderWire(answer) {
  byId('agent').textContent = navigator.userAgent
  byId('agent-note').textContent =
    answer['user-agent'] === navigator.userAgent
      ? 'navigator.userAgent; the request’s header says the same.'
      : `navigator.userAgent; the request’s header says: ${answer['user-agent']}`
  const rows = [
    ['Offers up to', answer.tls_version],
    ['Hello version', answer.tls_fp?.client_hello_version],
    ['Record version', answer.tls_fp?.record_version],
    ['Server name', answer.sni],
    ['ALPN', Array.isArray(answer.alpn) ? answer.alpn.map(nameOf).join(', ') : answer.alpn],
    ['Encrypted ClientHello', echText(answer.ech)],
    [
      'Hello',
      answer.hello_len === undefined
        ? undefined
        : `${answer.hello_len} bytes over ${answer.proto ?? 'tcp'}`,
    ],
  ]
  byId('wire').replaceChildren(
    ...rows
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => make('div', '', make('dt', '', name), make('dd', '', String(value)))),
  )
}

/** Lists the reader opened or closed; until then they are open where there is room. */
const opened = new Map()

/** The hello's lists, by name, in wire order. */
export function renderLists(answer) {
  byId('canonical').textContent = canonicalJson(answer.tls_fp ?? {})
  byId('lists').replaceChildren(
    ...LISTS.map(([key, title]) => {
      const items = Array.isArray(answer[key]) ? answer[key] : idsOf(answer.tls_fp?.[key])
      const raw = answer.tls_fp?.[key] ?? ''
      const summary = make(
        'summary',
        '',
        make('h3', '', title),
        make('span', 'count', String(items.length)),
      )
      const details = make(
        'details',
        `card list list-${key}`,
        summary,
        items.length === 0
          ? make('p', 'what', 'none offered')
          : make('ol', 'items', ...items.map(item)),
        raw === '' ? undefined : copyButton(() => raw, `${title} as in tls_fp`),
      )
      details.open = opened.get(key) ?? matchMedia('(min-width: 641px)').matches
      summary.addEventListener('click', () => opened.set(key, !details.open))
      return details
    }),
  )
}

/** Totals, the reader's own place among them, and the most frequent fingerprints, with User-Agents of `agents`. */
export function renderStats(stats, answer, agents) {
  show(byId('stats'), stats.total_sightings > 0)
  const own = stats.fingerprints.find((one) => answer !== undefined && sameKind(one, answer))
  const numbers = [
    ['hellos held', count(stats.total_sightings)],
    ['fingerprints', count(stats.distinct_fingerprints)],
    ['clients', count(stats.distinct_clients)],
    ['your rank', own === undefined ? undefined : `#${own.rank}`],
    ['share yours', own === undefined ? undefined : percent(own.share)],
    ['rarity, bits', own === undefined ? undefined : own.rarity_bits.toFixed(1)],
  ]
  byId('numbers').replaceChildren(
    ...numbers
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => make('div', '', make('dt', '', name), make('dd', '', value))),
  )
  const top = stats.fingerprints.slice(0, 6)
  const most = Math.max(...top.map((one) => one.share), 0)
  byId('bars').replaceChildren(
    ...top.map((one) => {
      const bar = make('span', 'bar')
      bar.style.setProperty('--part', String(most === 0 ? 0 : one.share / most))
      const agent = agents.find((other) => sameKind(other, one))?.user_agents?.[0]?.user_agent
      return make(
        'li',
        one === own ? 'own' : '',
        // a row stands for all hellos of one sha3_384_stable, whose JA4 may differ: a resumed session offers one more extension
        make('code', '', (one === own ? answer.ja4 : one.ja4) ?? `${one.sha3_384.slice(0, 24)}…`),
        one === own ? make('span', 'you', 'you') : undefined,
        make('span', 'share', `${percent(one.share)} · ${count(one.count)}×`),
        bar,
        agent === undefined ? undefined : make('span', 'by', agent),
      )
    }),
  )
}

/** Statistics count by sha3_384_stable where it is known: the other changes with every connection of some browsers. */
function sameKind(one, answer) {
  const key = one.sha3_384_stable === undefined ? 'sha3_384' : 'sha3_384_stable'
  return one[key] === answer[key]
}

/** `14:03:05`, or with the date where it is not of today. */
export function time(seconds) {
  const date = new Date(seconds * 1000)
  const today = date.toDateString() === new Date().toDateString()
  return today ? date.toLocaleTimeString() : date.toLocaleString()
}

function fact(name, value) {
  return make('li', '', make('span', 'name', name), ' ', make('span', 'val', value))
}

function place(ip, port) {
  if (port === undefined) return String(ip)
  return String(ip).includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

function item(entry) {
  const id = typeof entry === 'object' ? entry.id : entry
  const name = nameOf(entry)
  const grease = name.startsWith('GREASE')
  return make(
    'li',
    grease ? 'grease' : '',
    make('span', 'id', String(id ?? '')),
    make('span', 'label', ...(name === String(id) ? [] : breakable(name))),
  )
}

/** A long name may break after its underscores. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part) => [part, make('wbr', '')])
}

function nameOf(entry) {
  if (typeof entry !== 'object' || entry === null) return String(entry)
  return String(entry.name ?? entry.id ?? '')
}

function idsOf(list) {
  return list === undefined || list === '' ? [] : list.split(',').map((id) => ({ id }))
}

function echText(ech) {
  if (ech === undefined || ech === false) return undefined
  if (ech.looks_grease === undefined) return 'offered'
  return ech.looks_grease ? 'offered, looks like GREASE' : 'offered, looks real'
}

function percent(share) {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

function count(number) {
  return Number(number).toLocaleString('en')
}
