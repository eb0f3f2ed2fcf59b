// Least privilege for `up` and `capture` started as an ordinary user with CAP_NET_RAW, by systemd's AmbientCapabilities=
// or by a capability of the node binary: the process that was started keeps the privilege and only starts capture
// processes; the program itself is a child of it without any.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_INSPECTOR } from '../capture/live/no-inspector.js'
import { launch } from '../capture/live/launcher.js'
import type { NativeAddon } from '../capture/live/native-addon.js'
import { loadNativeAddon } from '../capture/live/native-addon.js'

/** Environment variable that tells the program where capture processes are started for it. */
const LAUNCHER = 'HELLOTAP_LAUNCHER'
const CAP_NET_RAW = 1n << 13n
/** Milliseconds after the end of the channel to a parent in which it has surely ended, if it is to end. */
const ORPHAN_MILLIS = 200

/** Folder of the launcher that started this program, if one did. */
export function launcherFolder(): string | undefined {
  return process.env[LAUNCHER]
}

/**
 * Runs this program as a child without privilege, where we have CAP_NET_RAW and are not root, who has it all anyway.
 * @returns its exit code when it has ended; undefined where the program is to go on here
 */
export async function runGuarded(engine: string | undefined): Promise<number | undefined> {
  if (launcherFolder() !== undefined) {
    endWithParent()
    return undefined
  }
  if (process.geteuid?.() === 0 || engine === 'cap' || !mayCapture()) return undefined
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
  const program = spawn(process.execPath, [...programArguments(), main, ...words], {
    // the channel ends with us, however we end
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHER]: folder },
    // its own process group: Ctrl-C reaches us alone, and we hand it on
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

/** Node's own arguments for a process of ours. */
function programArguments(): string[] {
  return [...new Set([...process.execArgv, ...NO_INSPECTOR])]
}

/** Stops this process, as SIGTERM does, when the one that started it has ended. */
function endWithParent(): void {
  const parent = process.ppid
  process.once('disconnect', () => {
    // we may have closed the channel ourselves; and the kernel gives us another parent a moment later
    setTimeout(() => {
      if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM')
    }, ORPHAN_MILLIS).unref()
  })
  // to listen for its end is not to wait for it
  process.channel?.unref()
}

function mayCapture(): boolean {
  try {
    const status = readFileSync('/proc/self/status', 'latin1')
    const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'
    return (BigInt(`0x${effective}`) & CAP_NET_RAW) !== 0n
  } catch {
    return false
  }
}
