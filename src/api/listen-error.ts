/** Why the API cannot be served, in a sentence with the remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code:
    | 'PORT_IN_USE'
    | 'PORT_FORBIDDEN'
    | 'BAD_HOST'
    | 'BAD_CERTIFICATE'
    | 'DATA_DIR'
    | 'SOCKET'
    | 'SOCKET_IN_USE'
    | 'LISTEN'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** What kept us from listening, told with the remedy: the flags that choose another port and another address. */
export function listenError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  flag: string,
  hostFlag = '--host',
): ListenError {
  const options = { cause }
  switch (cause.code) {
    case 'EADDRINUSE':
      return new ListenError(
        'PORT_IN_USE',
        `port ${port} is in use on ${host}: stop the other program or choose ${flag}`,
        options,
      )
    case 'EACCES':
    case 'EPERM':
      return new ListenError(
        'PORT_FORBIDDEN',
        `port ${port} on ${host} may not be taken by this user: choose ${flag} above 1023, or give the program CAP_NET_BIND_SERVICE`,
        options,
      )
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new ListenError(
        'BAD_HOST',
        `${host} is no address of this machine: choose ${hostFlag} among those of "ip address", or 127.0.0.1`,
        options,
      )
    default:
      return new ListenError(
        'LISTEN',
        `cannot listen on ${host} port ${port} (${cause.message}): choose another ${hostFlag === flag ? '' : `${hostFlag} or `}${flag}`,
        options,
      )
  }
}
