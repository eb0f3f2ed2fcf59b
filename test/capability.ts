// What tests need of the machine beyond Node. Each need says why it is not met, or nothing where it is; it tries, once a
// process, what the tests will do, since a user's id tells little in a container.

import type { Context } from 'mocha'
import { Hook } from 'mocha'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join, resolve } from 'node:path'

/** Says what is missing, undefined where nothing is. */
export type Need = () => string | undefined

const top = resolve(import.meta.dirname, '..')

/** Ends the test or the suite as skipped, with one line of why, unless every need is met. Call it in the test or in before(). */
export function needs(test: Context, ...needed: readonly Need[]): void {
  const why = firstMissing(needed)
  if (why === undefined) return
  console.log(`      skipped: ${why}`)
  const runnable = test.runnable()
  // the reporter reads it: what a hook skips is all of its suite
  const skipped = runnable instanceof Hook ? (runnable.parent ?? runnable) : runnable
  Object.assign(skipped, { why })
  test.skip()
}

/** Why the first need that is not met is not. */
function firstMissing(needed: readonly Need[]): string | undefined {
  for (const need of needed) {
    const why = need()
    if (why !== undefined) return why
  }
  return undefined
}

/** The commands are on PATH. */
export function tools(...names: readonly string[]): Need {
  return () => {
    const folders = (process.env['PATH'] ?? '').split(delimiter)
    const missing = names.filter((name) => !folders.some((each) => existsSync(join(each, name))))
    return missing.length === 0 ? undefined : `${missing.join(', ')} is not installed`
  }
}

/** A file or folder is there. */
export function path(name: string): Need {
  return () => (existsSync(name) ? undefined : `${name} is not here`)
}

/** Network namespaces can be made, joined and captured in, by an engine of ours. */
export const namespaces: Need = once(
  () =>
    firstMissing([tools('ip', 'tcpdump', 'setpriv'), engine]) ??
    tried('network namespaces cannot be made here', () => {
      const name = `hellotap-probe-${process.pid}`
      run('ip', 'netns', 'add', name)
      try {
        run('ip', '-n', name, 'link', 'add', 'pa', 'type', 'veth', 'peer', 'name', 'pb')
        run('ip', '-n', name, 'link', 'set', 'pa', 'up')
        run('ip', 'netns', 'exec', name, 'tcpdump', '-i', 'pa', '-L')
      } finally {
        run('ip', 'netns', 'del', name)
      }
    }),
)

/** The loopback can be captured on, by an engine of ours. */
export const capture: Need = once(
  () =>
    firstMissing([tools('tcpdump'), engine]) ??
    tried('the loopback cannot be captured on', () => run('tcpdump', '-i', 'lo', '-L')),
)

/** A process can have mounts of its own. */
export const mounts: Need = once(() =>
  tried('a disk cannot be mounted', () =>
    run('unshare', '-m', 'mount', '-t', 'tmpfs', 'none', top),
  ),
)

/** Chromium can be started. */
export const chromiumBrowser: Need = once(() => {
  const binary = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((each) => existsSync(each))
  return binary === undefined ? 'chromium is not installed' : proc()
})

/** /proc tells of processes. */
export const proc: Need = () =>
  existsSync('/proc/self/status') ? undefined : '/proc is not mounted'

/** A program can be given a terminal of its own. */
export const terminal: Need = once(
  () =>
    tools('script')() ??
    tried('a terminal cannot be made', () => run('script', '-qec', 'test -t 1', '/dev/null')),
)

/** `file` can be read by other users. */
export function readableByOthers(file: string): Need {
  return () =>
    tried(`${file} cannot be read by other users`, () =>
      run('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'test', '-r', file),
    )
}

/** Both capture engines are built. */
export const engines: Need = () =>
  existsSync(NATIVE) ? npmCap() : 'the native capture engine is not built'

const NATIVE = join(top, `prebuilds/${process.platform}-${process.arch}/hellotap.node`)

function engine(): string | undefined {
  return existsSync(NATIVE) || npmCap() === undefined ? undefined : 'no capture engine is built'
}

function npmCap(): string | undefined {
  try {
    createRequire(import.meta.url)('cap')
    return undefined
  } catch {
    return 'the npm package cap is not built'
  }
}

function once(need: Need): Need {
  let answer: { readonly why: string | undefined } | undefined
  return () => (answer ??= { why: need() }).why
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** `what`, and the last line of what the attempt said, if it fails. */
function tried(what: string, attempt: () => void): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    const { message, stderr } = error as Error & { readonly stderr?: Buffer }
    const said = (stderr?.toString().trim().split('\n').at(-1) ?? '').replace(/^\(|\)$/g, '')
    return `${what} (${said === '' ? message : said})`
  }
}
