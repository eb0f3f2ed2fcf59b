import { setFlagsFromString } from 'node:v8'

/**
 * Octets of bytecode a function runs through before V8 optimises it, three times its default. The loops over frames are in
 * WebAssembly, and with the default what sees a thousand hellos of a big capture is optimised for as long as it runs:
 * 0.1 s of CPU time, of 0.7 for 2 GB.
 */
const INTERRUPT_BUDGET = 450_000

/**
 * Has V8 optimise later, in all threads. To be called by the last thread to start, once it has loaded what it needs: V8
 * refuses code it keeps under other flags, its own modules' too, and compiling those takes a worker 25 to 40 ms.
 */
export function raiseInterruptBudget(): void {
  setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
}
