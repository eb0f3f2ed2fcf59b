import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { until } from '../store/redis-server.js'

/**
 * A Kafka broker that is not ours: the mock cluster of librdkafka, inside of a kcat that consumes a topic from it and prints
 * each message as a line.
 */
export class KafkaBroker {
  readonly #process: ChildProcess
  #log = ''
  /** What the consumer has got, a line each. */
  text = ''

  private constructor(topic: string) {
    // the broker that -b names is never asked: the mock cluster takes its place
    const args = ['-C', '-q', '-u', '-b', 'localhost:1', '-t', topic]
    const mock = ['-X', 'test.mock.num.brokers=2', '-d', 'mock']
    this.#process = spawn('kcat', [...args, ...mock, '-f', '%p %s\n'])
    this.#process.stderr?.on('data', (data: Buffer) => (this.#log += data.toString()))
    this.#process.stdout?.setEncoding('utf8').on('data', (data: string) => (this.text += data))
  }

  /** Starts one, and resolves when it answers. */
  static async start(topic: string): Promise<KafkaBroker> {
    const broker = new KafkaBroker(topic)
    await until(() => broker.#log.includes('Sending FetchResponse'))
    return broker
  }

  /** `host:port` of each broker. */
  get brokers(): string[] {
    return /bootstrap\.servers=(\S+)/.exec(this.#log)?.[1]?.split(',') ?? []
  }

  /** Messages the consumer has got. */
  get messages(): { partition: number; value: string }[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => ({
        partition: Number(line.slice(0, line.indexOf(' '))),
        value: line.slice(line.indexOf(' ') + 1),
      }))
  }

  /** Stops it as a machine that hangs does. */
  pause(): void {
    this.#process.kill('SIGSTOP')
  }

  resume(): void {
    this.#process.kill('SIGCONT')
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }
}
