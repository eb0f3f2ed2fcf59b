// Records one client within the namespaces record.mjs made: sets up loopback, names and certificates, starts the
// servers and tcpdump, runs the client, and ends. usage: inside.mjs JOB.json

import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { HOSTS, HTTPS, NAMES } from './names.mjs'

/**
 * The job: `root` of the client ("" is this system), `cmd`, `seconds` it may take, `work` folder of this recording,
 * `home` folder of all recordings.
 */
const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { root, work, home } = job

function run(command, ...args) {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`)
}

// Segments as on Ethernet: loopback's own 64 KiB would hide how a client's hello is cut.
run('ip', 'link', 'set', 'lo', 'mtu', '1500', 'up')
for (const offload of ['tso', 'gso', 'gro'])
  spawnSync('ethtool', ['-K', 'lo', offload, 'off'], { stdio: 'ignore' })
// A system of which no interface but loopback is up counts as offline, and resolves no names for some clients.
run('ip', 'link', 'add', 'record0', 'type', 'veth', 'peer', 'name', 'record1')
run('ip', 'address', 'add', '192.0.2.10/24', 'dev', 'record0')
for (const end of ['record0', 'record1']) run('ip', 'link', 'set', end, 'up')
run('ip', 'route', 'add', 'default', 'via', '192.0.2.1')
writeFileSync(
  join(work, 'hosts'),
  ['127.0.0.1 localhost', ...Object.entries(HOSTS).map(([name, ip]) => `${ip} ${name}`), ''].join(
    '\n',
  ),
)
// a small root has no such file, and nothing could be mounted over it
writeFileSync(join(root, '/etc/hosts'), '', { flag: 'a' })
run('mount', '--bind', join(work, 'hosts'), join(root, '/etc/hosts'))
run('mount', '--bind', join(home, 'ca/certs'), join(root, '/etc/ssl/certs'))
writeFileSync(join(work, 'resolv.conf'), 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n')
run('mount', '--bind', join(work, 'resolv.conf'), join(root, '/etc/resolv.conf'))
if (root !== '') {
  // the client finds the recordings' folder under the path it has outside
  mkdirSync(join(root, home), { recursive: true })
  run('mount', '--rbind', home, join(root, home))
  const clients = join(import.meta.dirname, 'clients')
  mkdirSync(join(root, clients), { recursive: true })
  run('mount', '--bind', clients, join(root, clients))
  run('mount', '-t', 'proc', 'proc', join(root, 'proc'))
  run('mount', '--rbind', '/sys', join(root, 'sys'))
  run('mount', '--rbind', '/dev', join(root, 'dev'))
}
run('mount', '-t', 'tmpfs', 'tmpfs', join(root, '/tmp'))
for (const folder of ['home', 'run']) mkdirSync(join(root, '/tmp', folder), { mode: 0o700 })

/** Starts a program and waits for `ready` in what it prints. */
function start(ready, command, ...args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  return new Promise((done, failed) => {
    let said = ''
    const onData = (data) => {
      said += data
      if (said.includes(ready)) done(child)
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
    child.on('exit', () => failed(new Error(`${command} ended: ${said}`)))
  })
}

const server = await start(
  'ready',
  process.execPath,
  join(import.meta.dirname, 'server.mjs'),
  join(home, 'ca'),
  join(work, 'server.jsonl'),
)
const tcpdump = await start(
  'listening on',
  'tcpdump',
  ...['-Z', 'root', '-i', 'lo', '--immediate-mode', '-U', '-s', '0', '-w', join(work, 'raw.pcap')],
  'ip and (tcp or udp) and not udp port 53',
)

const [name = ''] = NAMES
const env = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/games',
  HOME: '/tmp/home',
  TMPDIR: '/tmp',
  XDG_RUNTIME_DIR: '/tmp/run',
  LANG: 'C.UTF-8',
  LIBGL_ALWAYS_SOFTWARE: '1',
  CA: join(home, 'ca/ca.pem'),
  // what the servers saw: a command may wait for a request
  LOG: join(work, 'server.jsonl'),
  NODE_EXTRA_CA_CERTS: join(home, 'ca/ca.pem'),
  NPM: join(home, 'npm'),
  BUILD: join(home, 'build'),
  CLIENTS: join(import.meta.dirname, 'clients'),
  NAMES: NAMES.join(' '),
  NAME: name,
  URL: `https://${name}/5`,
  URL_ADDRESS: `https://${HOSTS[name]}/5`,
  URL_RETRY: `https://${name}:${HTTPS.retry}/3`,
  URL_HTTP1: `https://${name}:${HTTPS.http1}/5`,
  URL_TLS12: `https://${name}:${HTTPS.tls12}/5`,
  ...job.env,
}
const shell = ['/bin/bash', '-c', `cd /tmp/home; ${job.cmd}`]
const command = root === '' ? shell : ['chroot', root, ...shell]
const client = spawn(command[0], command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] })
let output = ''
for (const stream of [client.stdout, client.stderr])
  stream.on('data', (data) => (output = `${output}${data}`.slice(-20_000)))
const ended = new Promise((done) => client.on('exit', done))
await Promise.race([ended, delay(job.seconds * 1000)])
await delay(200)
writeFileSync(join(work, 'output.txt'), output)
const written = new Promise((done) => tcpdump.on('exit', done))
tcpdump.kill('SIGINT')
await written
server.kill()
// the process id namespace ends with this process, and all the client left running with it
process.exit(0)
