import { CaptureError } from '../capture-error.js'

/** The sentence and remedy for what the system said on opening or reading `path`. */
export function readError(path: string, cause: unknown): CaptureError {
  if (cause instanceof CaptureError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CaptureError(
        'NOT_FOUND',
        `no such file: ${path} (check the name, or give "-" to read stdin)`,
        { cause },
      )
    case 'EACCES':
    case 'EPERM':
      return new CaptureError(
        'NOT_READABLE',
        `not allowed to read ${path}: give this user read permission, or pipe the file to "-"`,
        { cause },
      )
    case 'EISDIR':
      return folderError(path)
    default:
      return new CaptureError(
        'NOT_READABLE',
        `cannot read ${path} (${code}): check the disk or the mount, and try again`,
        { cause },
      )
  }
}

/** The error for a folder where one capture is needed. */
export function folderError(path: string): CaptureError {
  return new CaptureError(
    'NOT_A_CAPTURE',
    `${path} is a folder, not a capture: name a file in it, or let \`read\` take the whole folder`,
  )
}
