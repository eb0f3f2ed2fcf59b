/** A ClientHello message and the capture it was found in, relative to captures/. */
export interface Template {
  readonly file: string
  readonly hello: Uint8Array
}
export function templates(): Template[]
