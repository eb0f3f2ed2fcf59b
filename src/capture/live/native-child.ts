// The program of the native engine's capture child: opens one interface, whose frames a thread of the engine puts into
// memory shared with the parent, and tells it over a socket; see src/native/capture.h. What is left to do here is to tell
// how it goes.

import { CHILD_STOP_MILLIS } from '../../base/limits.js'
import type { ChildCommand } from './child-message.js'
import { childOptions, fail, heedParent, say } from './child-talk.js'
import { interfaceIndex, interfaceState } from './interfaces.js'
import { linkTypeOf } from '../link-type.js'
import { limitFlows } from '../filter/flow-limit.js'
import type { NativeAddon, NativeCapture } from './native-addon.js'
import { loadNativeAddon } from './native-addon.js'

// descriptors the parent starts us with
const MEMORY = 4
const PEER = 5
/** How often an interface that is down is looked at, milliseconds. */
const LOOK_MILLIS = 20

const options = childOptions()
let capture: NativeCapture | undefined
let isDown = false
let index: number | undefined

function sayAlive(capture: NativeCapture, then?: () => void): void {
  const { kernelDropped, interfaceDropped, left } = capture.counts()
  say(
    { kind: 'alive', losses: { child: left, kernel: kernelDropped, interface: interfaceDropped } },
    then,
  )
}

/** Says that the interface is down until it is up again; ends where it is another, or none any more. */
function watchDown(): void {
  if (isDown) return
  isDown = true
  say({ kind: 'down' })
  const look = setInterval(() => {
    const state = interfaceState(options.interface)
    if (state === 'down') return
    if (state === 'missing' || interfaceIndex(options.interface) !== index) {
      process.stderr.write('the interface is gone\n')
      process.exit(1)
    }
    clearInterval(look)
    isDown = false
    say({ kind: 'up' })
  }, LOOK_MILLIS)
}

/** Limits flows in the kernel, if asked to. @returns why that cannot be */
function limit(capture: NativeCapture): string | undefined {
  if (options.flowLimit === 0) return undefined
  try {
    limitFlows(capture, {
      bytes: options.flowLimit,
      starts: options.starts,
      close: options.closeLook,
    })
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function main(): void {
  heedParent(() => {
    if (capture === undefined) process.exit(0)
    capture.stop(CHILD_STOP_MILLIS / 2)
  })
  let addon: NativeAddon
  try {
    addon = loadNativeAddon()
  } catch (error) {
    fail(error, 'NO_ENGINE')
    return
  }
  let opened: NativeCapture
  try {
    opened = addon.openCapture(
      {
        ...options,
        memoryFd: MEMORY,
        memoryBytes: options.queueBytes,
        peerFd: PEER,
      },
      (event) => {
        if (event === 'down') {
          watchDown()
          return
        }
        if (event === 'failed') process.stderr.write(`${opened.failure()}\n`)
        sayAlive(opened, () => process.exit(event === 'failed' ? 1 : 0))
      },
    )
  } catch (error) {
    fail(error)
    return
  }
  capture = opened
  index = interfaceIndex(options.interface)
  process.on('message', ({ expression }: ChildCommand) => {
    try {
      opened.setFilter(expression)
      const unlimited = limit(opened)
      if (unlimited !== undefined) process.stderr.write(`flows not limited: ${unlimited}\n`)
    } catch (error) {
      process.stderr.write(`filter refused: ${(error as Error).message}\n`)
    }
  })
  setInterval(() => sayAlive(opened), options.heartbeatMillis / 2)
  const unlimited = limit(opened)
  try {
    // what reads frames needs no privilege once its socket is open; root keeps what root has
    if (process.geteuid?.() !== 0) addon.dropCapabilities()
  } catch (error) {
    fail(error)
    return
  }
  const linkType = linkTypeOf(opened.datalink)
  say({ kind: 'open', linkType, ...(unlimited !== undefined && { unlimited }) })
}

main()
