// What a listener can be made to miss or to believe: each trick of client.py is played to a real Linux server with OpenSSL, in
// namespaces of its own, while the sensor listens on the client's side of the link.
//
//   npm run evade [-- WORD...]     as root; prints a row for each trick whose name contains one of the words
//
// seen: the hello that the server answered is printed, and no other without a mark. marked: it is printed with a mark, or none
// without one where the server answered none. missed: it is not printed. silently wrong: another one is, without a mark.
// Exit 0 where none is missed or silently wrong.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Sighting } from '../../src/model/sighting.js'
import { HELLOTAP } from '../hellotap.js'

interface Played {
  readonly trick: string
  readonly port: number
  readonly answered: 'real' | 'decoy' | 'none'
}

type Outcome = 'seen' | 'marked' | 'missed' | 'silently wrong'

const CLIENT = `evade-c-${process.pid}`
const SERVER = `evade-s-${process.pid}`
const NAMES = { real: 'real0.example', decoy: 'decoy.example' }
const CLIENT_SCRIPT = new URL('client.py', import.meta.url).pathname
const ip = (...args: readonly string[]) => execFileSync('ip', args, { stdio: 'pipe' }).toString()
const inside = (netns: string, ...command: readonly string[]) =>
  execFileSync('ip', ['netns', 'exec', netns, ...command], { stdio: 'pipe' }).toString()
const start = (netns: string, ...command: readonly string[]): ChildProcess =>
  spawn('ip', ['netns', 'exec', netns, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })

function outcomeOf({ answered }: Played, lines: readonly Sighting[]): Outcome {
  const right = answered === 'none' ? undefined : NAMES[answered]
  const unmarked = lines.filter(
    ({ quality = [] }) => !quality.some((mark) => mark === 'conflict' || mark === 'gap'),
  )
  // What the client wants to say is no false hello where the server refuses to hear it.
  if (unmarked.some(({ sni }) => sni !== (right ?? NAMES.real))) return 'silently wrong'
  if (right === undefined) return lines.length === unmarked.length ? 'seen' : 'marked'
  if (!lines.some(({ sni }) => sni === right)) return 'missed'
  return unmarked.length > 0 ? 'seen' : 'marked'
}

/** Two namespaces and a link between them; the client's side has no address, so that no kernel answers there. */
function layLink(): string {
  for (const netns of [CLIENT, SERVER]) ip('netns', 'add', netns)
  ip('link', 'add', 'evc', 'netns', CLIENT, 'type', 'veth', 'peer', 'name', 'evs', 'netns', SERVER)
  inside(CLIENT, 'ip', 'link', 'set', 'evc', 'up')
  inside(SERVER, 'ip', 'link', 'set', 'evs', 'up')
  inside(SERVER, 'ip', 'link', 'set', 'lo', 'up')
  inside(SERVER, 'ip', 'addr', 'add', '10.77.0.2/16', 'dev', 'evs')
  const macOf = (netns: string, dev: string) =>
    inside(netns, 'cat', `/sys/class/net/${dev}/address`).trim()
  const neighbour = ['lladdr', macOf(CLIENT, 'evc'), 'dev', 'evs']
  inside(SERVER, 'ip', 'neigh', 'add', '10.77.0.1', ...neighbour)
  return macOf(SERVER, 'evs')
}

async function main(words: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evade-'))
  const children: ChildProcess[] = []
  try {
    const mac = layLink()
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=real0.example', '-days', '2']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'pipe' },
    )
    const serving = ['s_server', '-accept', '443', '-key', key, '-cert', cert, '-www', '-quiet']
    children.push(start(SERVER, 'openssl', ...serving))
    const sensor = start(CLIENT, process.execPath, HELLOTAP, 'capture', '-i', 'evc', '--stdout')
    children.push(sensor)
    const sightings: Sighting[] = []
    if (sensor.stdout !== null)
      createInterface({ input: sensor.stdout }).on('line', (line) =>
        sightings.push(JSON.parse(line) as Sighting),
      )
    let log = ''
    sensor.stderr?.on('data', (bytes: Buffer) => (log += bytes.toString()))
    for (let i = 0; i < 300 && !/capturing|listening|capture/i.test(log); i++) await sleep(100)
    await sleep(1500)

    const client = start(CLIENT, 'python3', CLIENT_SCRIPT, 'evc', mac)
    children.push(client)
    client.stderr?.pipe(process.stderr)
    const played: Played[] = []
    if (client.stdout === null) throw new Error('the client has no output')
    for await (const line of createInterface({ input: client.stdout }))
      played.push(JSON.parse(line) as Played)
    await sleep(2000)

    const counts: Record<Outcome, number> = { seen: 0, marked: 0, missed: 0, 'silently wrong': 0 }
    for (const one of played) {
      const lines = sightings.filter(({ srcport }) => srcport === one.port)
      const outcome = outcomeOf(one, lines)
      counts[outcome]++
      if (words.length > 0 && !words.some((word) => one.trick.includes(word))) continue
      const given = lines.map(({ sni, quality = [] }) => [sni, ...quality].join(' ')).join(', ')
      console.log(
        `${outcome.padEnd(15)} ${one.trick.padEnd(50)} server: ${one.answered.padEnd(6)} printed: ${given}`,
      )
    }
    const { seen, marked, missed, 'silently wrong': wrong } = counts
    console.log(
      `${played.length} tricks: ${seen} seen, ${marked} marked, ${missed} missed, ${wrong} silently wrong`,
    )
    process.exitCode = missed + wrong === 0 && played.length > 0 ? 0 : 1
    if (sightings.length === 0) console.error(`the sensor printed nothing. It said: ${log}`)
  } finally {
    for (const child of children) child.kill('SIGTERM')
    await sleep(500)
    for (const netns of [CLIENT, SERVER])
      try {
        ip('netns', 'del', netns)
      } catch {
        // It was not made.
      }
    rmSync(folder, { recursive: true, force: true })
  }
}

await main(process.argv.slice(2))
