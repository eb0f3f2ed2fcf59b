/** The fast lane: unit tests of pure modules and of what needs no other program. */
export const FAST = [
  'test/architecture.test.ts',
  'test/pipeline.test.ts',
  ...['base', 'wire', 'tls', 'quic', 'fingerprint', 'batch', 'output', 'telemetry', 'privacy'].map(
    (module) => `test/${module}/**/*.test.ts`,
  ),
  'test/stream/!(*openssl*).test.ts',
]
