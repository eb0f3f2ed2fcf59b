/** Why the API cannot be served, in a sentence with the remedy. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code:
    'PORT_IN_USE' | 'PORT_FORBIDDEN' | 'BAD_HOST' | 'BAD_CERTIFICATE' | 'DATA_DIR' | 'LISTEN'
  constructor(code: ListenError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
