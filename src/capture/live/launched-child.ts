import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import type { LaunchCommand, LaunchReport, LaunchRequest } from './launcher.js'
import type { ChildCommand } from './child-message.js'

/** A capture child that a launcher started for us, as far as it is like a child process of our own. */
export class LaunchedChild extends EventEmitter {
  pid: number | undefined
  connected = true
  readonly stdout = null
  readonly stderr = new EventEmitter()
  readonly #socket: Socket
  #ended = false

  /** Asks the launcher at the Unix socket `path` for a child. */
  constructor(path: string, request: LaunchRequest) {
    super()
    this.#socket = connect(path)
    this.#socket.write(`${JSON.stringify(request)}\n`)
    this.#socket.on('error', () => undefined)
    createInterface({ input: this.#socket }).on('line', (line) => {
      this.#hear(JSON.parse(line) as LaunchReport)
    })
    this.#socket.once('close', () => {
      if (!this.#ended)
        this.emit('error', new Error('the process that starts capture processes has ended'))
    })
  }

  send(command: ChildCommand): boolean {
    return this.#say({ kind: 'say', command })
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): boolean {
    return this.#say({ kind: 'signal', signal })
  }

  #say(command: LaunchCommand): boolean {
    return !this.#ended && this.#socket.write(`${JSON.stringify(command)}\n`)
  }

  #hear(report: LaunchReport): void {
    if (report.kind === 'started') this.pid = report.pid
    else if (report.kind === 'said') this.emit('message', report.message)
    else if (report.kind === 'stderr') this.stderr.emit('data', Buffer.from(report.text))
    else {
      this.#ended = true
      this.connected = false
      this.emit('exit', report.code, report.signal)
      this.emit('disconnect')
    }
  }
}
