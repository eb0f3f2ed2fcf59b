// Compiles the kernels in AssemblyScript, src/kernels/assembly/, to src/kernels/NAME-code.ts: WebAssembly in base64, so that
// nobody needs a compiler, or a file beside the program, to run them. A test compiles them anew and compares.
//
//   npm run kernels

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const ROOT = new URL('../', import.meta.url)
const LINE_LEN = 90

/** Each kernel's source, and the module that its code becomes. */
export const KERNELS = [
  ['src/kernels/assembly/pcap-records.ts', 'src/kernels/pcap-records-code.ts'],
  ['src/kernels/assembly/fingerprint/fingerprint.ts', 'src/kernels/fingerprint-code.ts'],
  ['src/kernels/assembly/stream/fast-path.ts', 'src/kernels/fast-path-code.ts'],
  ['src/kernels/assembly/prefilter.ts', 'src/kernels/prefilter-code.ts'],
]

/** A file as AssemblyScript takes it: of what the program shares with it, numbers only, no lists. */
function sourceOf(name) {
  const text = readFileSync(new URL(name.replace('.js.ts', '.ts'), ROOT), 'utf8')
  return text.replaceAll(/^export const \w+ = \[[^\]]*\] as const$/gm, '')
}

/** The text of the module that holds the compiled kernel. */
export async function compile(source) {
  let wasm
  const { error, stderr } = await asc.main(
    [
      source,
      ...['-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--memoryBase', '64'],
      ...['--outFile', 'kernel.wasm'],
    ],
    {
      readFile: (name) => {
        try {
          return sourceOf(name)
        } catch {
          return null
        }
      },
      writeFile: (name, contents) => {
        if (name === 'kernel.wasm') wasm = contents
      },
    },
  )
  if (error) throw new Error(`${source}: ${stderr.toString()}`)
  const base64 = Buffer.from(wasm).toString('base64')
  const lines = base64.match(new RegExp(`.{1,${LINE_LEN}}`, 'g')).map((line) => `  '${line}'`)
  const from = source.split('/').slice(2).join('/')
  return `// Made by \`npm run kernels\` from ${from}: WebAssembly, in base64.\n\nexport const CODE =\n${lines.join(' +\n')}\n`
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const [source, target] of KERNELS) {
    writeFileSync(fileURLToPath(new URL(target, ROOT)), await compile(source))
  }
}
