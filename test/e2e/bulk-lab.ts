// A client and nginx on two ends of a wire, 50 MB for either direction, and the sensor on the client's end.

import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Lab, ip } from '../capture/live-lab.js'
import { Daemon, HELLOTAP, sightingsIn } from '../hellotap.js'

const BULK_BYTES = 50e6
const METRICS_PORT = 9465
export const SERVER4 = '10.99.0.2'
export const SERVER6 = '[fd99::2]'

/** Frames on the wire and what became of them. */
export interface Passed {
  /** Frames that went over the wire. */
  readonly offered: number
  /** Of these, frames the kernel let through to the sensor. */
  readonly passed: number
}

export class BulkLab {
  readonly lab = new Lab()
  readonly #folder = mkdtempSync(join(tmpdir(), 'hellotap-bulk-'))
  readonly #nginx: Daemon
  #sensor: Sensor | undefined

  constructor() {
    chmodSync(this.#folder, 0o755)
    const file = (name: string) => join(this.#folder, name)
    // frames as a span port shows them, not yet to be cut by the card
    for (const [namespace, link] of [
      [this.lab.a, 'va'],
      [this.lab.b, 'vb'],
    ] as const)
      ip('-n', namespace, 'link', 'set', link, 'gso_max_segs', '1')
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=bulk.test -days 2 -keyout ${file('key')} -out ${file('cert')}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    )
    mkdirSync(file('www'))
    chmodSync(file('www'), 0o777)
    writeFileSync(join(file('www'), 'bulk'), Buffer.alloc(BULK_BYTES))
    writeFileSync(
      file('nginx.conf'),
      `daemon off; pid ${file('pid')}; error_log ${file('error.log')}; worker_processes 1; user root;
       events {}
       http { access_log off; client_body_temp_path ${file('b')}; proxy_temp_path ${file('p')};
              fastcgi_temp_path ${file('f')}; uwsgi_temp_path ${file('u')}; scgi_temp_path ${file('s')};
              server { listen 443 ssl; listen [::]:443 ssl; ssl_certificate ${file('cert')};
                       ssl_certificate_key ${file('key')}; root ${file('www')};
                       client_max_body_size 0; dav_methods PUT DELETE; } }`,
    )
    const words = ['-c', file('nginx.conf'), '-p', this.#folder]
    this.#nginx = new Daemon('ip', ['netns', 'exec', this.lab.b, 'nginx', ...words])
  }

  /** Waits until nginx answers. */
  async ready(): Promise<void> {
    for (let i = 0; i < 100; i++)
      try {
        this.get(SERVER4, '/none')
        return
      } catch {
        await sleep(50)
      }
    throw new Error(`nginx does not answer: ${this.#nginx.output}`)
  }

  get(host: string, path: string): void {
    this.lab.exec(this.lab.a, 'curl', '-sk', '-o', '/dev/null', `https://${host}${path}`)
  }

  download(): void {
    this.get(SERVER4, '/bulk')
  }

  upload(): void {
    const from = join(this.#folder, 'www/bulk')
    this.lab.exec(this.lab.a, 'curl', '-skf', '-T', from, `https://${SERVER4}/up`)
  }

  /** Starts the sensor on the client's end, in place of the one before; `prefix` is the command that puts it where it shall run. */
  async sensor(args: readonly string[], prefix: readonly string[] = []): Promise<Sensor> {
    await this.#sensor?.daemon.stop()
    const command = [process.execPath, HELLOTAP, 'capture', '--stdout', '-i', 'va', '-p', '443']
    const metrics = ['--metrics-port', String(METRICS_PORT), '--log-format', 'text']
    const words = [...prefix, ...command, ...metrics, ...args]
    const sensor = new Sensor(this.lab, new Daemon('ip', ['netns', 'exec', this.lab.a, ...words]))
    this.#sensor = sensor
    await sensor.daemon.says(/metrics at/)
    return sensor
  }

  async close(): Promise<void> {
    await this.#sensor?.daemon.stop()
    await this.#nginx.stop('SIGQUIT')
    await this.lab.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

export class Sensor {
  readonly daemon: Daemon
  readonly #lab: Lab

  constructor(lab: Lab, daemon: Daemon) {
    this.#lab = lab
    this.daemon = daemon
  }

  /** What `traffic` was on the wire, and what the sensor saw of it. */
  async passed(traffic: () => void): Promise<Passed> {
    const before = { offered: this.#offered(), passed: this.#seen() }
    traffic()
    const offered = this.#offered() - before.offered
    // its frames are on their way for milliseconds
    await sleep(300)
    return { offered, passed: this.#seen() - before.passed }
  }

  /** Server addresses of the hellos it found. */
  hellos(): string[] {
    const lines = this.daemon.output.split('\n').filter((line) => line.startsWith('{'))
    return sightingsIn(lines.join('\n')).map(({ dst }) => dst)
  }

  #offered(): number {
    return ['rx_packets', 'tx_packets']
      .map((name) => `/sys/class/net/va/statistics/${name}`)
      .map((path) => Number(this.#lab.exec(this.#lab.a, 'cat', path).toString()))
      .reduce((sum, count) => sum + count)
  }

  #seen(): number {
    const url = `http://127.0.0.1:${METRICS_PORT}/metrics`
    const text = this.#lab.exec(this.#lab.a, 'curl', '-s', url).toString()
    return Number(/^hellotap_packets_total\{[^}]*\} (\d+)/m.exec(text)?.[1] ?? NaN)
  }

  /** Capabilities of the process that captures, as in /proc. */
  capabilities(): string {
    const status = readFileSync(`/proc/${captureProcess(this.#lab.a)}/status`, 'utf8')
    return /^CapEff:\s*(\w+)/m.exec(status)?.[1] ?? ''
  }
}

/** Process number of the native engine's child in a namespace. */
export function captureProcess(namespace: string): string {
  const pids = execFileSync('ip', ['netns', 'pids', namespace]).toString().trim().split('\n')
  const isCapture = (pid: string) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('native-child')
  return pids.find(isCapture) ?? ''
}
