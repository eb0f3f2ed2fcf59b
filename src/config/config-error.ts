/** A mistake in flags, environment or configuration file: one line per mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'BAD_CONFIG'
}
