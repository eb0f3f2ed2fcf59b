// Where capturing takes a privilege that a parser of hostile bytes must not have, one process keeps the privilege and
// does nothing but start capture children for the others. They reach it by two Unix sockets in a folder of their user:
//
//   frames   a connection for each child, on which it speaks of its frames with who reads them; first the reader's name
//            for it, a line
//   control  a connection for each child: what to start, a line of JSON (LaunchRequest); then what the child says and
//            hears, a line of JSON each. Its end is the child's.

import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ChildCommand, ChildMessage, ChildOptions } from './child-message.js'
import { startNativeChild } from './start-child.js'

/** What a launched child is to be. */
export interface LaunchRequest {
  readonly options: ChildOptions
  /** Path by which its user may open the memory that frames go into. */
  readonly memory: string
  /** Name of its frames' connection. */
  readonly frames: string
}

/** What is said to the launcher after that. */
export type LaunchCommand =
  | { readonly kind: 'signal'; readonly signal: 'SIGTERM' | 'SIGKILL' }
  | { readonly kind: 'say'; readonly command: ChildCommand }

/** What the launcher says. */
export type LaunchReport =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'said'; readonly message: ChildMessage }
  | { readonly kind: 'stderr'; readonly text: string }
  | {
      readonly kind: 'exit'
      readonly code: number | null
      readonly signal: NodeJS.Signals | null
    }

export const FRAMES_SOCKET = 'frames'
export const CONTROL_SOCKET = 'control'

/**
 * Starts capture children for the processes that connect to the sockets in `folder`. `lend` is called with true before a child is
 * started, which then has the privilege, and with false after.
 */
export async function launch(folder: string, lend: (on: boolean) => void): Promise<Server[]> {
  const frames = new Map<string, Socket>()
  const byFrames = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (name: Buffer) => {
      socket.pause()
      frames.set(name.toString().trim(), socket)
    })
  })
  const byControl = createServer((socket) => {
    socket.on('error', () => undefined)
    const report = (what: LaunchReport) => socket.write(`${JSON.stringify(what)}\n`)
    let child: ChildProcess | undefined
    createInterface({ input: socket }).on('line', (line) => {
      if (child === undefined) child = start(JSON.parse(line) as LaunchRequest)
      else heed(child, JSON.parse(line) as LaunchCommand)
    })
    socket.once('close', () => child?.kill('SIGKILL'))

    function start(request: LaunchRequest): ChildProcess | undefined {
      const peer = frames.get(request.frames)
      frames.delete(request.frames)
      if (peer === undefined) {
        socket.destroy()
        return undefined
      }
      const memoryFd = openSync(request.memory, 'r+')
      lend(true)
      const started = startNativeChild(request.options, memoryFd, peer)
      lend(false)
      closeSync(memoryFd)
      peer.destroy()
      report({ kind: 'started', pid: started.pid ?? 0 })
      started.on('message', (message: ChildMessage) => report({ kind: 'said', message }))
      started.stderr?.setEncoding('utf8').on('data', (text: string) => {
        report({ kind: 'stderr', text })
      })
      started.once('error', () => socket.destroy())
      // its last words have come by then
      started.once('close', (code, signal) => {
        report({ kind: 'exit', code, signal })
        socket.end()
      })
      return started
    }
  })
  await Promise.all([
    listening(byFrames, join(folder, FRAMES_SOCKET)),
    listening(byControl, join(folder, CONTROL_SOCKET)),
  ])
  return [byFrames, byControl]
}

function heed(child: ChildProcess, command: LaunchCommand): void {
  if (command.kind === 'signal') child.kill(command.signal)
  else if (child.connected) child.send(command.command)
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => resolve())
  })
}
