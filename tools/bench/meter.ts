// What a command uses, by the kernel's account.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** What one finished process has used: seconds, and bytes resident at most. */
export interface Used {
  readonly cpu: number
  readonly wall: number
  readonly rss: number
}

// Node does not tell a child's resource usage; python3 does, and is there wherever cap was built
const METER = `
import resource, subprocess, sys, time
# what started python may have left its own children's time behind
before = resource.getrusage(resource.RUSAGE_CHILDREN)
start = time.time()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.time() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, wall, used.ru_maxrss * 1024, done.returncode)
`
const run = promisify(execFile)

/** Runs a command to its end. @throws Error where it fails */
export async function measure(command: readonly string[]): Promise<Used> {
  // certificates that Node is told to load at its start are no part of what is measured
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined }
  const { stdout } = await run('python3', ['-c', METER, ...command], { env })
  const [cpu = NaN, wall = NaN, rss = NaN, code = NaN] = stdout.trim().split(' ').map(Number)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  return { cpu, wall, rss }
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN
}
