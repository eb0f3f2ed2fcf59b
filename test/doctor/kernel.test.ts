// What the kernel says of offloads and clock: by our engine the same as ethtool and the C library have it.

import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { namespaces, needs, tools } from '../capability.js'
import { loadNativeAddon } from '../../src/capture/live/native-addon.js'
import type { NativeOffloads } from '../../src/capture/live/native-addon.js'
import { clockCheck, kernelAnswers, offloadsCheck } from '../../src/doctor/kernel.js'
import { Lab } from '../capture/live-lab.js'
import { HELLOTAP } from '../hellotap.js'

const ADDON = `./prebuilds/${process.platform}-${process.arch}/hellotap.node`
const NAMES = {
  gro: 'generic-receive-offload',
  lro: 'large-receive-offload',
  tso: 'tcp-segmentation-offload',
  gso: 'generic-segmentation-offload',
} as const
/** The first members of struct timex, as Python's ctypes has them of the C library. */
const MAXERROR = `
import ctypes, struct
raw = ctypes.create_string_buffer(512)
ctypes.CDLL(None).adjtimex(raw)
print(struct.unpack_from('llll', raw.raw)[3])`

describe('the doctor’s questions to the kernel', () => {
  describe('offloads', function () {
    let lab: Lab
    before(function () {
      needs(this, namespaces, tools('ethtool', 'python3'))
      lab = new Lab()
    })
    after(() => (lab as Lab | undefined)?.close())

    const inA = (...words: readonly [string, ...string[]]) => lab.exec(lab.a, ...words).toString()
    const byEngine = (name: string) =>
      JSON.parse(
        inA(
          process.execPath,
          '-e',
          `console.log(JSON.stringify(require('${ADDON}').offloads('${name}')))`,
        ),
      ) as NativeOffloads
    const byEthtool = (name: string) => {
      const told = inA('ethtool', '-k', name)
      return Object.fromEntries(
        Object.entries(NAMES).map(([short, long]) => [
          short,
          new RegExp(`^${long}: on`, 'm').test(told),
        ]),
      )
    }

    it('are answered as by ethtool, whatever they are set to', () => {
      const seen = new Set<string>()
      for (const settings of [
        ['gro', 'on', 'tso', 'on', 'gso', 'on'],
        ['gro', 'off', 'tso', 'on', 'gso', 'on'],
        ['gro', 'on', 'tso', 'off', 'gso', 'on'],
        ['gro', 'off', 'tso', 'off', 'gso', 'off'],
      ]) {
        inA('ethtool', '-K', 'va', ...settings)
        const answer = byEngine('va')
        expect(answer, settings.join(' ')).to.deep.equal(byEthtool('va'))
        seen.add(JSON.stringify(answer))
      }
      expect(seen.size).to.equal(4)
      expect(byEngine('lo')).to.deep.equal(byEthtool('lo'))
    })

    it('are told by `hellotap doctor` where no tool is installed', () => {
      const check = (setting: string) => {
        inA('ethtool', '-K', 'va', 'gro', setting, 'tso', 'off', 'gso', 'off')
        const command = `PATH=/nowhere '${process.execPath}' '${HELLOTAP}' doctor --json -i va --seconds 1`
        const { checks } = JSON.parse(inA('sh', '-c', command)) as {
          checks: { name: string; outcome: string; text: string; remedy?: string }[]
        }
        return checks.find(({ name }) => name === 'offloads va')
      }
      expect(check('off')).to.deep.equal({
        name: 'offloads va',
        outcome: 'ok',
        text: 'GRO and LRO are off',
      })
      const on = check('on')
      expect(on?.text).to.match(/^GRO on: the kernel merges frames/)
      expect(on?.remedy).to.equal('on a span port: sudo ethtool -K va gro off')
    })

    it('of an interface that is not there: the kernel’s reason', async () => {
      const check = await offloadsCheck('no-such-if', kernelAnswers())
      expect(check.outcome).to.equal('unknown')
      expect(check.text).to.equal('unknown: No such device')
    })

    it('come from ethtool without the addon, and are unknown without both', async () => {
      const told = await offloadsCheck('lo', undefined)
      expect(told.outcome).to.equal('warning')
      expect(told.text).to.match(/^GRO on: .*64 KiB of the ring; frames that this machine sends/)
      const path = process.env['PATH']
      process.env['PATH'] = '/nowhere'
      try {
        expect(await offloadsCheck('lo', undefined)).to.include({
          outcome: 'unknown',
          text: 'unknown: neither the native addon nor ethtool is installed',
        })
        expect((await clockCheck(undefined)).outcome).to.equal('unknown')
      } finally {
        process.env['PATH'] = path
      }
    })
  })

  describe('the clock', () => {
    it('is off by what the C library says', () => {
      const micros = loadNativeAddon().clockError()
      const expected = Number(execFileSync('python3', ['-c', MAXERROR]).toString())
      // it grows between two updates, by 500 µs a second, and shrinks with one
      expect(Math.abs(micros - expected)).to.be.below(100_000)
    })

    it('is set by a time server or not', async () => {
      const check = (micros: number) =>
        clockCheck({ clockError: () => micros, offloads: () => ({}) })
      expect(await check(16_000_000)).to.include({ outcome: 'warning' })
      expect((await check(16_000_000)).text).to.match(/Z, and no time server sets it$/)
      expect(await check(3_140)).to.include({ outcome: 'ok' })
      expect((await check(3_140)).text).to.match(/set by a time server, off by at most 3.1 ms$/)
    })

    it('is unknown if the kernel refuses to answer', async () => {
      const refuses = () => {
        throw new Error('Operation not permitted')
      }
      expect(await clockCheck({ clockError: refuses, offloads: refuses })).to.include({
        outcome: 'unknown',
      })
    })
  })
})
