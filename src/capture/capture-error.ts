/** What kept us from reading a capture or an interface, in a sentence with its remedy. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError'
  readonly code:
    | 'NOT_FOUND'
    | 'NOT_READABLE'
    | 'NOT_A_CAPTURE'
    | 'EMPTY'
    | 'NO_INTERFACE'
    | 'NO_PERMISSION'
    | 'NO_ENGINE'
    | 'INTERFACE_DOWN'
    | 'ENGINE_FAILED'
  constructor(code: CaptureError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
