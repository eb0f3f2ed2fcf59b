/** The message of an error, or a thrown value as text. Of a system error only its words: `permission denied`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [, words] = 'syscall' in error ? (/^E[A-Z0-9]+: ([^,]+)/.exec(error.message) ?? []) : []
  return words ?? error.message
}
