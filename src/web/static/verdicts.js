// What the hello tells beside its fingerprints: each question is a card with its answer and the reasons.

import { byId, make } from './dom.js'

const CHECKED = {
  consistent: 'Fits',
  inconsistent: 'Does not fit',
  unknown: 'Cannot be told',
}
const NOVEL = {
  expected: 'Seen before',
  unusual: 'Unusual',
  new: 'New',
  watched: 'On the watch list',
  unknown: 'Too early to say',
}

/** The answers about one hello. */
export function renderVerdicts(answer) {
  byId('verdicts').replaceChildren(
    ...[
      card('Which software made it?', ...software(answer)),
      card('Does your User-Agent fit?', ...claim(answer.check)),
      card('How rare is it?', ...rarity(answer.rarity)),
      card('Is it new here?', ...novelty(answer.novelty)),
    ].filter((each) => each !== undefined),
  )
}

function card(question, value, ...lines) {
  if (value === undefined) return undefined
  return make(
    'article',
    'card verdict',
    make('h3', '', question),
    make('p', 'value', value),
    ...lines.filter((line) => line !== undefined).map((line) => make('p', 'what', line)),
  )
}

function software({ implementation, learnt }) {
  const lines = []
  if (implementation?.applications?.length > 0)
    lines.push(`Seen from: ${implementation.applications.join(', ')}`)
  if (implementation?.confidence !== undefined)
    lines.push(
      `${percent(implementation.confidence)} of answers like this one are right (${implementation.basis === 'exact' ? 'this very hello is known' : 'nearest known hello'})`,
    )
  if (learnt !== undefined)
    lines.push(
      `Learnt here: ${learnt.label}, from ${learnt.networks} networks on ${learnt.days} days`,
    )
  if (implementation === undefined) return learnt === undefined ? [] : ['Unknown', ...lines]
  if (implementation.library === 'unknown') return ['Unknown', ...lines]
  return [[implementation.library, implementation.versions].filter(Boolean).join(' '), ...lines]
}

function claim(check) {
  if (check === undefined) return []
  const reasons = check.reasons.map(({ text, evidence }) => sentence(text, evidence))
  return [
    CHECKED[check.verdict] ?? check.verdict,
    ...reasons,
    `Of claims checked like this: ${check.bound}`,
  ]
}

function rarity(found) {
  const all = found?.windows?.all
  if (all === undefined) return []
  if (all.of <= 1) return ['Cannot be told yet', 'You are the only client counted here.']
  const value = all.k === 1 ? 'Yours alone' : `${number(all.k)} of ${number(all.of)} clients`
  return [
    value,
    all.k === 1 ? `of ${number(all.of)} clients counted here` : undefined,
    all.bits === undefined
      ? undefined
      : `${all.bits.toFixed(1)} bits: how far it narrows down who you are`,
  ]
}

function novelty(found) {
  if (found === undefined) return []
  const reasons = found.reasons.map(({ text, evidence }) => sentence(text, evidence))
  return [NOVEL[found.verdict] ?? found.verdict, ...reasons]
}

function sentence(text, evidence) {
  return evidence === undefined || evidence === '' ? text : `${text} (${evidence})`
}

function percent(share) {
  return `${Math.floor(share * 100)} %`
}

function number(value) {
  return Number(value).toLocaleString('en')
}
