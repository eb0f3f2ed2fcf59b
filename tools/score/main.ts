// npm run score: the tables of docs/verdicts.md, from the captures of this repository, or of another folder that is named.
// With --details, each miss by name.

import { fileURLToPath } from 'node:url'
import { readClients } from '../learn/captures.js'
import { honest } from '../learn/learn-base.js'
import { scoreImplementation } from './implementation.js'

const isDetailed = process.argv.includes('--details')
const folder = process.argv.slice(2).find((word) => !word.startsWith('--'))
const captures = folder ?? fileURLToPath(new URL('../../captures/clients/', import.meta.url))
const clients = await readClients(captures)
console.log(scoreImplementation(honest(clients), isDetailed))
