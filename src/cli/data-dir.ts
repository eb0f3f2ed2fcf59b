import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../config.js'

/** The folder for what hellotap keeps of its own: certificate, tokens, Unix socket. */
export function dataDir(config: Pick<Config, 'data-dir'>): string {
  return (
    config['data-dir'] ??
    join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'hellotap')
  )
}

/** Path of the API's Unix socket. */
export function socketPath(config: Pick<Config, 'data-dir' | 'socket'>): string {
  return config.socket ?? join(dataDir(config), 'api.sock')
}
