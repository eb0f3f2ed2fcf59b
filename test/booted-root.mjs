// A Debian root whose systemd runs, in namespaces of its own: units start, notify and stop in it as on a machine.

import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('boot-root.sh', import.meta.url))
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Milliseconds that systemd may take to come up. */
const BOOT_MILLIS = 120_000

/**
 * Boots systemd of `root`.
 * @returns `inside`, which runs a command there and returns what it printed, and `stop`
 * @throws where systemd does not come up: no right to make namespaces, no cgroup2, no systemd
 */
export async function boot(root) {
  const [mounted] = execFileSync('findmnt', ['-n', '-t', 'cgroup2', '-o', 'TARGET'], {
    encoding: 'utf8',
  }).split('\n')
  const cgroup = join(mounted, `hellotap-${process.pid}`)
  mkdirSync(cgroup)
  const child = spawn('sh', [SCRIPT, root, cgroup], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text) => (said += text))
  const ended = new Promise((resolve) => child.once('close', resolve))

  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    for (const deadline = Date.now() + 10_000; !removed(cgroup) && Date.now() < deadline;)
      await sleep(100)
  }
  const words = (command) => {
    const init = spawnSync('pgrep', ['-P', child.pid], { encoding: 'utf8' }).stdout.trim()
    const enter = ['-t', init, '-m', '-p', '-n', '-u', '-i', '-C', '--']
    return [...enter, 'env', '-i', `PATH=${PATH}`, 'DEBIAN_FRONTEND=noninteractive', ...command]
  }
  const inside = (...command) =>
    execFileSync('nsenter', words(command), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })

  for (const deadline = Date.now() + BOOT_MILLIS; child.exitCode === null; await sleep(200)) {
    const { stdout } = spawnSync('nsenter', words(['systemctl', 'is-system-running']), {
      encoding: 'utf8',
    })
    // "degraded": a unit of Debian's own failed, such as the one that loads kernel modules
    if (/^(running|degraded)$/m.test(stdout)) return { inside, stop }
    if (Date.now() > deadline) break
  }
  await stop()
  throw new Error(said.trim() || 'systemd did not come up')
}

/** Removes a folder of cgroup2 with those under it. @returns false where a process is still in one */
function removed(cgroup) {
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true }))
      if (entry.isDirectory() && !removed(join(cgroup, entry.name))) return false
    rmdirSync(cgroup)
    return true
  } catch {
    return false
  }
}
