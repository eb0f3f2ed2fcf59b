import { realpathSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { CaptureError } from '../capture-error.js'
import { interfaceState, listInterfaces } from './interfaces.js'

/**
 * What kept a capture child from opening its interface, told with the remedy.
 *
 * `message` is libpcap's or Node's; libpcap has no codes, so its words are matched. `insteadOf` is why npm cap was tried in
 * place of the native engine, if it was.
 */
export async function openFailure(
  name: string,
  message: string,
  code?: CaptureError['code'],
  insteadOf?: string,
): Promise<CaptureError> {
  if (code === 'NO_ENGINE') {
    const native =
      insteadOf === undefined ? '' : `the native engine is not there (${insteadOf}), and `
    return new CaptureError(
      'NO_ENGINE',
      `cannot capture: ${native}the npm package cap is not built (${message}). Install libpcap with its headers and a ` +
        'compiler (Debian: sudo apt-get install libpcap-dev g++ make python3), then run: ' +
        `${insteadOf === undefined ? '' : 'npm run build in a checkout, or '}npm rebuild cap`,
    )
  }
  if (interfaceState(name) === 'missing' || /no such device|SIOCGIFHWADDR/i.test(message))
    return noInterface(name)
  if (/not permitted|permission|CAP_NET_RAW/i.test(message)) return noPermission(name, message)
  if (/is not up|network is down/i.test(message))
    return new CaptureError(
      'INTERFACE_DOWN',
      `interface ${name} is down; bring it up with: sudo ip link set ${name} up`,
    )
  return new CaptureError('ENGINE_FAILED', `cannot capture on ${name}: ${message}`)
}

/** That `name` is no interface here, and which there are. */
export async function noInterface(name: string): Promise<CaptureError> {
  const names = (await listInterfaces()).map((known) => known.name)
  return new CaptureError(
    'NO_INTERFACE',
    `there is no interface ${JSON.stringify(name)}; this machine has: ${names.join(', ')}`,
  )
}

function noPermission(name: string, message: string): CaptureError {
  return new CaptureError(
    'NO_PERMISSION',
    `no permission to capture on ${name} (${message}). Give it to node once with: ${permissionRemedy()}`,
  )
}

/** How this program gets the permission to capture. */
export function permissionRemedy(): string {
  return (
    `sudo setcap cap_net_raw+ep ${nodeFile()} ; or start hellotap with sudo; ` +
    'or by a systemd unit with AmbientCapabilities=CAP_NET_RAW'
  )
}

/** The file of Node, which Node does not know where /proc is not mounted: as a word of a shell command. */
function nodeFile(): string {
  const { execPath } = process
  return isAbsolute(execPath) ? realpathSync(execPath) : `"$(command -v ${execPath})"`
}
