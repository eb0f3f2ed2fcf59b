import tseslint from 'typescript-eslint'

// The pure rooms: no I/O, no clock, no logging, no throw. Time is the packet's time.
const PURE = [
  'base',
  'model',
  'wire',
  'stream',
  'quic',
  'tls',
  'carrier',
  'fingerprint',
  'handshake',
  'knowledge',
  'kernels',
  'pipeline',
]

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', 'src/web/static', 'src/kernels/assembly'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './test/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: PURE.map((room) => `src/${room}/**/*.ts`),
    rules: {
      'no-restricted-globals': [
        'error',
        'console',
        'process',
        'Date',
        'setTimeout',
        'setInterval',
        'setImmediate',
        'Buffer',
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ThrowStatement', message: 'a pure room returns a Fault or counts' },
      ],
    },
  },
  { files: ['src/base/bytes.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
  // chai's assertions are expressions
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-unused-expressions': 'off' } },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  // mocha loads a reporter by require, and starting by it is faster
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
