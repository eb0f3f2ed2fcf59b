// The capture child's end of its IPC channel, whatever its engine.

import type { CaptureError } from '../capture-error.js'
import { CHILD_OPTIONS } from './child-message.js'
import type { ChildMessage, ChildOptions } from './child-message.js'

/** Messages that may wait for the parent: an engine's loop can keep their callbacks from running. */
const MAX_MESSAGES_WAITING = 1024
let messagesWaiting = 0

/** What the child was started with. */
export function childOptions(): ChildOptions {
  return JSON.parse(process.env[CHILD_OPTIONS] ?? '{}') as ChildOptions
}

/** Says `message`, then calls `then`; a sign of life that would have to wait behind many is left out. */
export function say(message: ChildMessage, then?: () => void): void {
  if (!process.connected) return
  if (message.kind === 'alive' && then === undefined && messagesWaiting >= MAX_MESSAGES_WAITING)
    return
  messagesWaiting++
  process.send?.(message, undefined, undefined, () => {
    messagesWaiting--
    then?.()
  })
}

/** Says why the interface cannot be captured, and ends. */
export function fail(error: unknown, code?: CaptureError['code']): void {
  const message = (error as Error).message.split('\n')[0] ?? ''
  say({ kind: 'failed', message, ...(code && { code }) }, () => process.exit(1))
}

// has Node open no inspector: a process that may send the signal would run code here
process.on('SIGUSR1', () => undefined)

/** Ends with the parent, and only when it says so: Ctrl-C reaches the whole process group, SIGTERM is the parent's word. */
export function heedParent(stop: () => void): void {
  process.on('disconnect', () => process.exit(0))
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', stop)
}
