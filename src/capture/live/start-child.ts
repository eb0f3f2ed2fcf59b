import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { CHILD_OPTIONS } from './child-message.js'
import type { ChildOptions } from './child-message.js'

// From src it runs through tsx, from dist by itself.
const FROM_SOURCE = import.meta.url.endsWith('.ts')
const SUFFIX = FROM_SOURCE ? 'ts' : 'js'
const EXEC_ARGV = FROM_SOURCE ? ['--import', createRequire(import.meta.url).resolve('tsx')] : []

/** The options go by the environment: the filter alone is ten thousand characters, and `ps` is for people. */
function environmentOf(options: ChildOptions): NodeJS.ProcessEnv {
  return { ...process.env, [CHILD_OPTIONS]: JSON.stringify(options) }
}

/** Starts npm cap's capture child, which writes frames to its stdout. */
export function startCapChild(options: ChildOptions): ChildProcess {
  return fork(new URL(`./cap-child.${SUFFIX}`, import.meta.url), [options.interface], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: EXEC_ARGV,
    env: environmentOf(options),
  })
}

/** Starts the native engine's, with the memory it puts frames into and its end of the socket to who reads them. */
export function startNativeChild(
  options: ChildOptions,
  memoryFd: number,
  peer: number | Socket,
): ChildProcess {
  return fork(new URL(`./native-child.${SUFFIX}`, import.meta.url), [options.interface], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', memoryFd, peer],
    execArgv: EXEC_ARGV,
    env: environmentOf(options),
  })
}
