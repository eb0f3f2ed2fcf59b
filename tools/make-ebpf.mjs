// Assembles the flow limit, src/capture/filter/flow-limit.ebpf, to src/capture/filter/flow-limit-code.ts: eBPF instructions in
// base64, so that nobody needs a compiler for them. A test assembles it anew and compares.
//
//   npm run kernels
//
// A line is a label (`name:`), a constant (`NAME = value`), an instruction, or empty; `;` begins a comment. Operands are
// registers r0 to r10, sums of constants and numbers, labels, and memory as [register + sum]. `flows` is the map the
// program is loaded with. Encoding: RFC 9669.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = new URL('../', import.meta.url)
const LINE_LEN = 90
export const SOURCE = 'src/capture/filter/flow-limit.ebpf'
export const TARGET = 'src/capture/filter/flow-limit-code.ts'

const [LDX, ST, STX, ALU, JMP, ALU64] = [1, 2, 3, 4, 5, 7]
const SIZES = { w: 0x00, h: 0x08, b: 0x10, dw: 0x18 }
const MEMORY = 0x60
const BY_REGISTER = 0x08
const OPERATIONS = { add: 0x00, sub: 0x10, or: 0x40, and: 0x50, lsh: 0x60, rsh: 0x70, mov: 0xb0 }
const BIG_ENDIAN = 0xd8
const JUMPS = {
  jeq: 0x10,
  jgt: 0x20,
  jge: 0x30,
  jset: 0x40,
  jne: 0x50,
  jlt: 0xa0,
  jle: 0xb0,
  jsle: 0xd0,
}
const JUMP_ALWAYS = 0x00
const CALL = 0x80
const EXIT = 0x90
const LOAD_64 = 0x18
/** In the source register of a 64-bit load: it is of the address of a map. */
const OF_MAP = 1
const HELPERS = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  map_delete_elem: 3,
  skb_load_bytes_relative: 68,
}

/** The instructions of `text`, 8 bytes each. */
export function assemble(text) {
  return assembleWithLabels(text).code
}

/** The instructions of `text`, and which of them each label is at. */
function assembleWithLabels(text) {
  const constants = new Map()
  const labels = new Map()
  const lines = []
  for (const [i, line] of text.split('\n').entries()) {
    const words = line.replace(/;.*/, '').trim()
    const constant = /^([A-Z]\w*) = (\S+)$/.exec(words)
    const label = /^(\w+):$/.exec(words)
    if (constant) constants.set(constant[1], Number(constant[2]))
    else if (label) labels.set(label[1], lines.length)
    else if (words !== '') {
      const [, name, rest = ''] = /^(\w+)\s*(.*)$/.exec(words)
      const at = { name, operands: rest === '' ? [] : rest.split(/,\s*/), number: i + 1 }
      lines.push(at)
      // it takes the room of two
      if (name === 'lddw') lines.push(undefined)
    }
  }
  const code = Buffer.alloc(8 * lines.length)
  for (const [i, line] of lines.entries()) {
    if (line === undefined) continue
    const [opcode, to, from, off, value] = encode(line, i, constants, labels)
    code.writeUInt8(opcode, 8 * i)
    code.writeUInt8((from << 4) | to, 8 * i + 1)
    code.writeInt16LE(off, 8 * i + 2)
    code.writeInt32LE(value | 0, 8 * i + 4)
  }
  return { code, labels }
}

/** Opcode, destination and source register, offset and immediate value of a line. */
function encode({ name, operands, number }, at, constants, labels) {
  const fault = (what) => new Error(`line ${number}: ${what}`)
  const isRegister = (text) => /^r\d+$/.test(text)
  const register = (text) => {
    if (!isRegister(text)) throw fault(`${text} is no register`)
    return Number(text.slice(1))
  }
  const sum = (text) =>
    text.split(/\s*\+\s*/).reduce((total, word) => {
      const value = constants.get(word) ?? Number(word)
      if (Number.isNaN(value)) throw fault(`${word} is not known`)
      return total + value
    }, 0)
  const memory = (text) => {
    const [, base, off] = /^\[(r\d+) \+ (.*)\]$/.exec(text) ?? []
    if (base === undefined) throw fault(`${text} is no memory`)
    return [register(base), sum(off)]
  }
  const to = (label) => {
    if (!labels.has(label)) throw fault(`${label} is nowhere`)
    return labels.get(label) - at - 1
  }
  const [first, second, third] = operands

  const access = /^(ldx|stx|st)(b|h|w|dw)$/.exec(name)
  if (access) {
    const size = SIZES[access[2]] | MEMORY
    if (access[1] === 'ldx') {
      const [base, off] = memory(second)
      return [LDX | size, register(first), base, off, 0]
    }
    const [base, off] = memory(first)
    return access[1] === 'st'
      ? [ST | size, base, 0, off, sum(second)]
      : [STX | size, base, register(second), off, 0]
  }
  const operation = /^([a-z]+?)(32)?$/.exec(name)
  if (operation && operation[1] in OPERATIONS) {
    const opcode = OPERATIONS[operation[1]] | (operation[2] ? ALU : ALU64)
    return isRegister(second)
      ? [opcode | BY_REGISTER, register(first), register(second), 0, 0]
      : [opcode, register(first), 0, 0, sum(second)]
  }
  if (name in JUMPS) {
    const opcode = JUMPS[name] | JMP
    return isRegister(second)
      ? [opcode | BY_REGISTER, register(first), register(second), to(third), 0]
      : [opcode, register(first), 0, to(third), sum(second)]
  }
  switch (name) {
    case 'ja':
      return [JUMP_ALWAYS | JMP, 0, 0, to(first), 0]
    case 'be16':
      return [BIG_ENDIAN | ALU, register(first), 0, 0, 16]
    case 'be32':
      return [BIG_ENDIAN | ALU, register(first), 0, 0, 32]
    case 'lddw':
      if (second !== 'flows') throw fault('only the map has an address')
      return [LOAD_64, register(first), OF_MAP, 0, 0]
    case 'call':
      if (!(first in HELPERS)) throw fault(`${first} is no helper`)
      return [CALL | JMP, 0, 0, 0, HELPERS[first]]
    case 'exit':
      return [EXIT | JMP, 0, 0, 0, 0]
    default:
      throw fault(`${name} is no instruction`)
  }
}

/** The text of the module that holds the assembled program. */
export function moduleOf(source) {
  const { code, labels } = assembleWithLabels(readFileSync(new URL(source, ROOT), 'utf8'))
  const base64 = code.toString('base64')
  const places = ['new', 'pass', 'drop'].map((name) => `${name}: ${labels.get(name)}`).join(', ')
  const lines = base64.match(new RegExp(`.{1,${LINE_LEN}}`, 'g')).map((line) => `  '${line}'`)
  const from = source.split('/').slice(2).join('/')
  return `// Made by \`npm run kernels\` from ${from}: eBPF, in base64.\n\n/** Instructions that what follows the code may jump to. */\nexport const PLACES = { ${places} }\n\nexport const CODE =\n${lines.join(' +\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
  writeFileSync(fileURLToPath(new URL(TARGET, ROOT)), moduleOf(SOURCE))
