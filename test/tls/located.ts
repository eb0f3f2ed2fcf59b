import { expect } from 'chai'
import { u16 } from '../../src/base/bytes.js'
import type { Hello } from '../../src/model/hello.js'
import { allocatedPerCall } from '../support.js'

type U16List = 'cipherSuites' | 'supportedGroups' | 'signatureAlgorithms' | 'supportedVersions'

/** The 16-bit values of a located list. */
export function u16s(hello: Hello, list: U16List): number[] {
  const values: number[] = []
  const off = hello[`${list}Off`]
  for (let at = off; at < off + hello[`${list}Len`]; at += 2) values.push(u16(hello.bytes, at))
  return values
}

/** Checks that all a parsed hello points at lies inside the message. */
export function expectInside(hello: Hello): void {
  const lists = [
    'sessionId',
    'cipherSuites',
    'compressionMethods',
    'serverName',
    'supportedGroups',
    'ecPointFormats',
    'signatureAlgorithms',
    'alpn',
    'supportedVersions',
  ] as const
  const inside = (off: number, length: number, what: string) => {
    if (off === -1 && length === 0) return
    if (off < hello.off || off + length > hello.end)
      expect.fail(`${what} at ${off}, ${length} bytes, outside ${hello.off} to ${hello.end}`)
  }
  for (const list of lists) inside(hello[`${list}Off`], hello[`${list}Len`], list)
  inside(hello.randomOff, 32, 'random')
  for (let i = 0; i < hello.extensionCount; i++)
    inside(hello.extensionOff[i] ?? 0, hello.extensionLen[i] ?? 0, `extension ${i}`)
  if (hello.echIndex >= hello.extensionCount) expect.fail('echIndex beyond the extensions')
}

/** The least of up to three measurements: what the compiler leaves behind while it works is not the function's. */
export function leastAllocatedPerCall(fn: () => void): number {
  let least = allocatedPerCall(fn)
  for (let again = 0; again < 2 && least >= 1; again++)
    least = Math.min(least, allocatedPerCall(fn))
  return least
}
