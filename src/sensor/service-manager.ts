// What systemd learns of a daemon under Type=notify, sd_notify(3): when it works, when it ends, and that its event loop
// still turns.

import { loadHostAddon } from '../capture/live/native-addon.js'
import type { EventLog } from '../telemetry/event-log.js'
import { launcherFolder } from './privilege-separation.js'

/** The service manager that started this process; nothing is sent if none did. */
export interface ServiceManager {
  /** Reports that the daemon works, with a line for `systemctl status`. */
  ready(status: string): void
  /** Reports that the daemon is about to end. */
  stopping(): void
}

/**
 * The service manager of this process. Its variables leave the environment: no child may speak for the daemon.
 * The watchdog, if the unit has one, is fed from now on, twice as often as it asks.
 */
export function serviceManager(log: EventLog): ServiceManager {
  const { NOTIFY_SOCKET: path = '', WATCHDOG_USEC: micros, WATCHDOG_PID: pid } = process.env
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'])
    Reflect.deleteProperty(process.env, name)
  if (path === '') return { ready: () => undefined, stopping: () => undefined }
  const send = (text: string) => {
    try {
      loadHostAddon().notify(path, text)
    } catch (error) {
      log.warn(
        'no-notify',
        `systemd was not notified through ${path}: ${(error as Error).message}. Without the native addon, set Type=exec and WatchdogSec=0 in the unit`,
      )
    }
  }
  if (Number(micros) > 0 && isMeant(pid))
    setInterval(() => send('WATCHDOG=1'), Number(micros) / 2000).unref()
  return {
    ready: (status) => send(`READY=1\nSTATUS=${status.replaceAll('\n', ' ')}`),
    stopping: () => send('STOPPING=1'),
  }
}

/** Whether the watchdog watches this process, or the one that lends it the privilege to capture. */
function isMeant(pid: string | undefined): boolean {
  const own = launcherFolder() === undefined ? process.pid : process.ppid
  return pid === undefined || Number(pid) === own
}
