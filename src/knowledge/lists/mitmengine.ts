// cloudflare/mitmengine `reference_fingerprints/mitmengine/*.txt`: `ua|request|mitm`, where request is
// `version:ciphers:extensions:curves:formats:headers:quirks`, lists in hex. Without wildcards that is a JA3 string.

import { isGrease } from '../../base/grease.js'
import type { Gathering } from './entry.js'

const BROWSERS = ['', 'Chrome', 'Internet Explorer', 'Safari', 'Firefox', 'Android', 'Opera']
const LIST = /^(?:[0-9a-f]{1,4}(?:,[0-9a-f]{1,4})*)?$/

/** Takes a row as the JA3 string of its request; what stands for several requests is no fingerprint. */
export function readMitmengine(text: string, to: Gathering): void {
  for (const [index, row] of text.split(/\r?\n/).entries()) {
    if (row.trim() === '' || row.startsWith('#')) continue
    const line = index + 1
    const [agent, request, mitm] = row.split('|')
    if (agent === undefined || request === undefined || mitm === undefined) {
      to.reject(line, 'has no three parts with "|" between', row)
      continue
    }
    const [version = '', ...lists] = request.split(':').slice(0, 5)
    if (!/^[0-9a-f]{3,4}$/.test(version) || lists.length < 4 || !lists.every((l) => LIST.test(l))) {
      to.reject(line, 'is a pattern of several requests, not one fingerprint', row)
      continue
    }
    const ja3 = [String(parseInt(version, 16)), ...lists.map(decimal)].join(',')
    const [name = ''] = mitm.split(':')
    const browser = browserOf(agent)
    to.take(line, row, {
      fingerprint: ja3,
      label: name === '' ? browser : name,
      notes: name === '' ? undefined : `under a User-Agent of ${browser}`,
    })
  }
}

function decimal(list: string): string {
  if (list === '') return ''
  const values = list.split(',').map((value) => parseInt(value, 16))
  return values.filter((value) => !isGrease(value)).join('-')
}

/** `name:version:…`, the name a number of uasurfer. */
function browserOf(agent: string): string {
  const [number = '', version = ''] = agent.split(':')
  const name = BROWSERS[Number(number)] ?? ''
  return `${name === '' ? 'a browser' : name} ${version}`.trim()
}
