// npm run score:unseen -- FOLDER [--details]: how the base as it stands identifies labelled captures that it did not learn.
// Only captures that were recorded for this may be scored so: where the base learnt them, use `npm run score`.

import { Base } from '../../src/knowledge/identify/base.js'
import type { BaseData } from '../../src/knowledge/identify/base-data.js'
import { BASE_JSON } from '../../src/knowledge/identify/base-json.js'
import { answerOf } from '../../src/knowledge/identify/answer.js'
import { UNKNOWN } from '../../src/knowledge/identify/answer.js'
import { Comparer } from '../../src/knowledge/identify/compare.js'
import { inputsOf } from '../../src/knowledge/identify/confidence.js'
import type { Client } from '../learn/captures.js'
import { readClients } from '../learn/captures.js'
import { applicationOf, familyOf, versionOf } from '../learn/label.js'
import { honest } from '../learn/learn-base.js'
import { outcomes, scoreApplications, scoreKnownVersions, scoreUnseenVersions } from './tables.js'
import type { Judged } from './tables.js'

const [folder = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const data = JSON.parse(BASE_JSON) as BaseData
const base = new Base(data)
const comparer = new Comparer(base)

/** Versions and applications that the base knows of a library. */
function knownOf(family: string) {
  const f = data.families.findIndex(({ name }) => name === family)
  const clients = data.rows.flatMap(({ f: of, c }) => (of === f ? c : []))
  const all = clients.map((client) => data.clients[client])
  return {
    versions: [...new Set(all.map((client) => client?.version ?? ''))].filter(Boolean),
    applications: new Set(all.map((client) => client?.application ?? '')),
  }
}

function judged(client: Client): Judged[] {
  const family = familyOf(client.label)
  const known = knownOf(family)
  const total = client.profiles.reduce((sum, { count }) => sum + count, 0)
  return client.profiles.map(({ tokens, order, count }) => {
    const query = comparer.query(tokens, order)
    const comparison = comparer.compare(query)
    const answer = answerOf(comparer, query, comparison)
    return {
      split: 'client',
      client,
      family,
      knows: {
        family: known.applications.size > 0,
        version: known.versions.includes(versionOf(client.label)),
        application: known.applications.has(applicationOf(client.label)),
      },
      versions: known.versions,
      share: count / total,
      inputs: inputsOf(comparison.evidence),
      answer,
      isRight: answer.library === family,
      isAnswered: answer.library !== UNKNOWN,
      confidence: answer.confidence ?? 0,
    }
  })
}

const ratio = (count: number, total: number) =>
  `${count} of ${total}${total === 0 ? '' : ` (${((100 * count) / total).toFixed(1)} %)`}`

const clients = honest(await readClients(folder))
const of = outcomes(clients.flatMap(judged))
const known = of.filter(({ main }) => main.knows.family)
const strangers = of.filter(({ main }) => !main.knows.family)
const answered = known.filter(({ isAnswered }) => isAnswered)
const named = scoreKnownVersions(known)
const unseen = scoreUnseenVersions(known)
const applications = scoreApplications(known)
console.log(
  [
    `Honest clients: ${clients.length}; the base: ${data.version}`,
    `of known libraries answered: ${ratio(answered.length, known.length)}`,
    `library right of answered: ${ratio(answered.filter(({ isWrong }) => !isWrong).length, answered.length)}`,
    `of other libraries named falsely: ${ratio(strangers.filter(({ isWrong }) => isWrong).length, strangers.length)}`,
    `known version in the range: ${ratio(named.within, named.total)}; versions in the range on average: ${named.meanRange.toFixed(2)}`,
    `unseen version, or a known one beside it, in the range: ${ratio(unseen.within, unseen.total)}`,
    `known application in the set: ${ratio(applications.within, applications.known)}; median set: ${applications.medianSet}`,
    `unseen application, another named alone: ${ratio(applications.named, applications.unseen)}`,
  ].join('\n'),
)
if (process.argv.includes('--details')) {
  for (const { client, main, isWrong, isAnswered } of of) {
    const { library, versions = '', confidence = 0, nearest = [] } = main.answer
    const inputs = main.inputs
      .slice(1)
      .map((input) => input.toFixed(2))
      .join(' ')
    const mark = isWrong ? 'WRONG' : isAnswered ? 'ok' : 'unknown'
    console.log(
      `${mark}\t${client}\t${main.family} ${versionOf(main.client.label)}\t${library} ${versions} ${confidence}\tbeside ${nearest[0]?.library ?? ''} ${nearest[0]?.application ?? ''}\t${inputs}\t${nearest[0]?.differs?.slice(0, 120) ?? ''}\t${(main.answer.applications ?? []).join()}`,
    )
  }
  for (const line of [...named.missed, ...unseen.missed, ...applications.missed]) console.log(line)
}
