import type { Socket } from 'node:net'

const done = new WeakMap<Socket, number>()

/** Notes when the handshake of a connection was done, microseconds since the Unix epoch. */
export function noteHandshake(socket: Socket, micros: number): void {
  done.set(socket, micros)
}

/** When the handshake of a connection was done, microseconds; undefined for one that is not of our own HTTPS listener. */
export function handshakeTime(socket: Socket): number | undefined {
  return done.get(socket)
}
