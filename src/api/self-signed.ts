import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generate } from 'selfsigned'
import { ListenError } from './listen-error.js'

const DAY_MS = 86_400_000
/** Days a certificate is made for: the most that browsers which look at it accept (825). */
const VALID_DAYS = 825
/** Days before its end a certificate is made anew: a daemon may run that long without a start. */
const RENEW_DAYS = 90

/** Names of the two files in the data directory. */
export const KEY_FILE = 'self-signed.key'
export const CERTIFICATE_FILE = 'self-signed.crt'

/** A key and its certificate, PEM. */
export interface KeyPair {
  readonly key: string
  readonly cert: string
  /** Whether they were made by this call. */
  readonly made: boolean
  /** SHA-256 of the certificate as browsers show it. */
  readonly fingerprint: string
}

/**
 * The self-signed certificate kept in `dataDir` for localhost, 127.0.0.1 and ::1 (ECDSA P-256): made at first start, again
 * where it ends within 90 days or the two files do not fit each other. The key is readable by its owner alone.
 * @throws ListenError where the directory cannot be written
 */
export async function selfSigned(dataDir: string, nowMs = Date.now()): Promise<KeyPair> {
  const kept = await readKept(dataDir, nowMs)
  if (kept !== undefined) return kept
  const made = await make(nowMs)
  try {
    await makeFolder(dataDir)
    await replace(join(dataDir, KEY_FILE), made.key, 0o600)
    await replace(join(dataDir, CERTIFICATE_FILE), made.cert, 0o644)
  } catch (cause) {
    throw new ListenError(
      'DATA_DIR',
      `cannot keep the certificate in ${dataDir} (${reason(cause)}): choose another --data-dir or make it writable`,
      { cause },
    )
  }
  return made
}

/**
 * Makes a folder and those above it. mkdir's own recursion never comes back where a folder can be made nowhere though
 * the one above it is there, as in /proc (Node 20).
 */
async function makeFolder(path: string): Promise<void> {
  const mkdirOnce = () => mkdir(path, { mode: 0o700 })
  try {
    await mkdirOnce()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(path)
    if (code !== 'ENOENT' || above === path) throw error
    await makeFolder(above)
    await mkdirOnce()
  }
}

async function readKept(dataDir: string, nowMs: number): Promise<KeyPair | undefined> {
  try {
    const keyFile = join(dataDir, KEY_FILE)
    const [key, cert] = await Promise.all([
      readFile(keyFile, 'utf8'),
      readFile(join(dataDir, CERTIFICATE_FILE), 'utf8'),
    ])
    const certificate = new X509Certificate(cert)
    const fits =
      certificate.checkPrivateKey(createPrivateKey(key)) &&
      Date.parse(certificate.validFrom) <= nowMs &&
      Date.parse(certificate.validTo) - nowMs > RENEW_DAYS * DAY_MS
    if (!fits) return undefined
    await chmod(keyFile, 0o600)
    return { key, cert, made: false, fingerprint: certificate.fingerprint256 }
  } catch {
    // Absent, unreadable or damaged: all cured by making it anew, and where that fails the reason is told.
    return undefined
  }
}

async function make(nowMs: number): Promise<KeyPair> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'hellotap' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // An hour back, for a browser whose clock is behind.
    notBeforeDate: new Date(nowMs - 3_600_000),
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS - 3_600_000),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  })
  return { key, cert, made: true, fingerprint: new X509Certificate(cert).fingerprint256 }
}

/** Writes beside and renames: a reader sees the old file or the new one, and the mode holds from the first byte. */
async function replace(path: string, text: string, mode: number): Promise<void> {
  const beside = `${path}.new`
  await rm(beside, { force: true })
  await writeFile(beside, text, { mode, flag: 'wx' })
  await rename(beside, path)
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
