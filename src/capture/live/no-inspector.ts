// SIGUSR1 has Node open its inspector, by which a process that may send the signal runs code in the process: with the privilege of
// the one that starts capture processes, for one. No process of ours opens it.

/** No inspector can listen there: the address is for documentation alone (RFC 5737), and of no machine. */
const NOWHERE = '192.0.2.1:1024'

/**
 * Arguments of Node with which a process opens no inspector from its first instruction on: `--disable-sigusr1` where Node
 * has it (22.14, 24), else an address at which the inspector cannot listen.
 */
export const NO_INSPECTOR: readonly string[] = process.allowedNodeEnvironmentFlags.has(
  '--disable-sigusr1',
)
  ? ['--disable-sigusr1']
  : [`--inspect-port=${NOWHERE}`]
