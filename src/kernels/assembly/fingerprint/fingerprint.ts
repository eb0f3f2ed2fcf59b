// The part of the fingerprint room that runs for every hello, in AssemblyScript: which profile it has, and the hashes.
//
// This is compiled to kernels/fingerprint-code.ts by `npm run kernels`; the program itself needs no compiler.

export { digest } from './digest'
export { flowText, timeText } from './flow-text'
export { knownLine } from './known-line'
export { find, keep, room } from './profile-table'
