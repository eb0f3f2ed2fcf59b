import type { Server } from 'node:http'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { ListenError } from './listen-error.js'

/** Bytes of a Unix socket's path, its end included (unix(7)). */
const MAX_PATH_LEN = 108
/** What only the owner may open. */
const OWNER_ONLY = 0o600

/**
 * Has `server` listen on a Unix socket of mode 0600 at `path`; one that nobody answers on is replaced.
 * @throws ListenError, SOCKET_IN_USE where another process answers on it
 */
export async function bindUnix(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) >= MAX_PATH_LEN)
    throw new ListenError(
      'SOCKET',
      `the path of the Unix socket ${path} has more than ${MAX_PATH_LEN - 1} bytes: choose a shorter --socket`,
    )
  if (await answers(path))
    throw new ListenError(
      'SOCKET_IN_USE',
      `another hellotap answers on the Unix socket ${path}: choose another --socket`,
    )
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    rmSync(path, { force: true })
    await listen(server, path)
    chmodSync(path, OWNER_ONLY)
  } catch (cause) {
    throw new ListenError(
      'SOCKET',
      `cannot listen on the Unix socket ${path} (${(cause as Error).message}): choose another --socket or --data-dir`,
      { cause },
    )
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // bind(2) gives the socket the rights that the mask leaves: no moment in which others may open it
    const mask = process.umask(0o177)
    try {
      server.listen(path, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(mask)
    }
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
