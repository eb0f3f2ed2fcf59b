// Least privilege for `up` and `capture` as an ordinary user with CAP_NET_RAW (systemd's AmbientCapabilities=, or a capability
// of the node binary). The first process keeps the capability and only starts capture processes. The program itself runs in a
// child process without capabilities.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_INSPECTOR } from '../capture/live/no-inspector.js'
import { launch } from '../capture/live/launcher.js'
import type { NativeAddon } from '../capture/live/native-addon.js'
import { loadNativeAddon } from '../capture/live/native-addon.js'
import { hasCapNetRaw } from './capabilities.js'

/** Environment variable with the folder of the launcher, which starts capture processes. */
const LAUNCHER = 'HELLOTAP_LAUNCHER'
/** Milliseconds after which a parent that closed its channel by ending is gone. */
const ORPHAN_MILLIS = 200

/** Folder of the launcher, if this program is its child. */
export function launcherFolder(): string | undefined {
  return process.env[LAUNCHER]
}

/**
 * Runs this program in a child process without capabilities, if this process has CAP_NET_RAW and is not root.
 * @returns the exit code of the child; undefined if the program shall continue in this process
 */
export async function runGuarded(engine: string | undefined): Promise<number | undefined> {
  if (launcherFolder() !== undefined) {
    endWithParent()
    return undefined
  }
  if (process.geteuid?.() === 0 || engine === 'cap' || hasCapNetRaw() !== true) return undefined
  let addon: NativeAddon
  try {
    addon = loadNativeAddon()
    addon.lendCapture(false)
  } catch {
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
  const servers = await launch(folder, (on) => addon.lendCapture(on))
  const [, main = '', ...words] = process.argv
  const program = spawn(process.execPath, [...nodeArguments(), main, ...words], {
    // The channel closes when this process ends for any reason.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHER]: folder },
    // A process group of its own: Ctrl-C reaches only this process, which forwards it.
    detached: true,
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => program.kill(signal))
  const code = await new Promise<number>((resolve) => {
    program.once('error', () => resolve(1))
    program.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
  return code
}

/** Arguments of Node for a child process that runs this program. */
export function nodeArguments(): string[] {
  return [...new Set([...process.execArgv, ...NO_INSPECTOR])]
}

/** Sends SIGTERM to this process when its parent has ended. */
function endWithParent(): void {
  const parent = process.ppid
  process.once('disconnect', () => {
    // This process may have closed the channel itself; otherwise its parent changes a moment later.
    setTimeout(() => {
      if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
    }, ORPHAN_MILLIS).unref()
  })
  // The listener must not keep this process running.
  process.channel?.unref()
}
