// Notifications to systemd under Type=notify, sd_notify(3): ready, stopping, watchdog.

import { loadHostAddon } from '../capture/live/native-addon.js'
import type { EventLog } from '../telemetry/event-log.js'
import { launcherFolder } from './privilege-separation.js'

/** The service manager that started this process; without one, nothing is sent. */
export interface ServiceManager {
  /** Reports that the daemon works, with a line for `systemctl status`. */
  ready(status: string): void
  /** Reports that the daemon is about to end. */
  stopping(): void
}

/**
 * The service manager of this process. Its variables are deleted from the environment, so that no child notifies for the
 * daemon. If the unit has a watchdog, it is notified twice in each period from this call on.
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

/** Whether the watchdog watches this process, or its privileged parent. */
function isMeant(pid: string | undefined): boolean {
  const own = launcherFolder() === undefined ? process.pid : process.ppid
  return pid === undefined || Number(pid) === own
}
