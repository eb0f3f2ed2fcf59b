import { homedir } from 'node:os'
import { join } from 'node:path'

interface DataDir {
  readonly 'data-dir'?: string | undefined
}

/** The folder of certificate, tokens and Unix socket. */
export function dataDir(config: DataDir): string {
  return (
    config['data-dir'] ??
    join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'hellotap')
  )
}

/** Path of the API's Unix socket. */
export function socketPath(config: DataDir & { readonly socket?: string | undefined }): string {
  return config.socket ?? join(dataDir(config), 'api.sock')
}
