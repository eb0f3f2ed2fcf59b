import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import type { Socket } from 'node:net'
import { CHILD_OPTIONS } from './child-message.js'
import type { ChildOptions } from './child-message.js'
import { NO_INSPECTOR } from './no-inspector.js'

const CAP_CHILD = new URL(import.meta.resolve('#package/dist/capture/live/cap-child.js'))
const NATIVE_CHILD = new URL(import.meta.resolve('#package/dist/capture/live/native-child.js'))

/** The options go by the environment: the filter alone is ten thousand characters, and `ps` is for people. */
function environmentOf(options: ChildOptions): NodeJS.ProcessEnv {
  return { ...process.env, [CHILD_OPTIONS]: JSON.stringify(options) }
}

/** Starts npm cap's capture child, which writes frames to its stdout. */
export function startCapChild(options: ChildOptions): ChildProcess {
  return fork(CAP_CHILD, [options.interface], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [...NO_INSPECTOR],
    env: environmentOf(options),
  })
}

/** Starts the native engine's, with the memory it puts frames into and its end of the socket to who reads them. */
export function startNativeChild(
  options: ChildOptions,
  memoryFd: number,
  peer: number | Socket,
): ChildProcess {
  return fork(NATIVE_CHILD, [options.interface], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', memoryFd, peer],
    execArgv: [...NO_INSPECTOR],
    env: environmentOf(options),
  })
}
