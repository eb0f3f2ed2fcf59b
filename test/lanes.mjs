/** The fast lane: unit tests of pure modules and of what needs no other program. */
export const FAST = [
  'test/architecture.test.ts',
  'test/pipeline.test.ts',
  ...['base', 'wire', 'quic', 'fingerprint', 'privacy'].map(
    (module) => `test/${module}/**/*.test.ts`,
  ),
  // without those that run tshark, openssl, the program, Redis and a full disk
  'test/tls/!(oracle).test.ts',
  'test/stream/!(*openssl).test.ts',
  'test/telemetry/!(*program).test.ts',
  'test/batch/!(queue).test.ts',
  'test/output/!(retrying-file).test.ts',
]

/** Leaves out the tests of what is allocated: they want a quiet process, and bounds hold for one version of V8. */
export const WITHOUT_ALLOCATIONS = ['--grep', ' allocates ', '--invert']
