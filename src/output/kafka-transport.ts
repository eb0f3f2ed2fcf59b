import { KafkaConnection } from './kafka-connection.js'
import {
  KafkaError,
  MESSAGE_TOO_LARGE,
  checkProduceResponse,
  metadataRequest,
  metadataResponse,
  produceRequest,
} from './kafka-protocol.js'
import type { KafkaPartition } from './kafka-protocol.js'
import { RECORD_MOST_EXTRA_LEN, recordBatch } from './kafka-record-batch.js'
import type { Sent, Transport } from './sink.js'

/** Bytes of one batch, unless a single sighting is larger: half of what a broker takes as it comes (1 MiB). */
const BATCH_LEN = 512 << 10
/** Milliseconds a broker has for an answer. */
const TIMEOUT_MILLIS = 10_000

export interface KafkaTarget {
  /** Brokers that are asked first. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[]
  readonly topic: string
}

/**
 * Rows as messages of a Kafka topic, each without its line end. Every call sends one batch to one partition, the
 * next call to the next one. The broker answers once all replicas in sync have it (acks=all).
 */
export class KafkaTransport implements Transport {
  readonly #target: KafkaTarget
  readonly #timeoutMillis: number
  readonly #connections = new Map<string, KafkaConnection>()
  #partitions: readonly KafkaPartition[] = []
  #next = 0

  constructor(target: KafkaTarget, timeoutMillis = TIMEOUT_MILLIS) {
    this.#target = target
    this.#timeoutMillis = timeoutMillis
  }

  async send(rows: readonly string[]): Promise<Sent> {
    const values: Buffer[] = []
    for (let len = 0; values.length < rows.length;) {
      const value = Buffer.from(rows[values.length]?.trimEnd() ?? '')
      len += value.length + RECORD_MOST_EXTRA_LEN
      if (len > BATCH_LEN && values.length > 0) break
      values.push(value)
    }
    return this.#produce(values)
  }

  close(): Promise<void> {
    for (const connection of this.#connections.values()) connection.close()
    this.#connections.clear()
    return Promise.resolve()
  }

  async #produce(values: readonly Buffer[]): Promise<Sent> {
    const { topic } = this.#target
    try {
      if (this.#partitions.length === 0) this.#partitions = await this.#metadata()
      const leader = this.#partitions[this.#next++ % this.#partitions.length] as KafkaPartition
      const records = recordBatch(values, Date.now())
      const connection = await this.#connectionTo(leader).catch((error: unknown) => {
        throw new Error(
          `the broker is advertised as ${leader.host}:${leader.port}, which cannot be reached (${(error as Error).message}): check advertised.listeners`,
        )
      })
      const body = await connection.ask((correlation) =>
        produceRequest(correlation, topic, leader.partition, records, this.#timeoutMillis),
      )
      checkProduceResponse(body, topic)
      return { rows: values.length, refused: 0 }
    } catch (error) {
      if (error instanceof KafkaError && error.errorCode === MESSAGE_TOO_LARGE) {
        // a topic may take less than BATCH_LEN: halves, until one message alone is too large
        if (values.length === 1) return { rows: 1, refused: 1 }
        return this.#produce(values.slice(0, values.length >> 1))
      }
      // leaders change, and brokers go: ask anew
      this.#partitions = []
      throw error
    }
  }

  /** Asks the brokers in turn. */
  async #metadata(): Promise<KafkaPartition[]> {
    const { brokers, topic } = this.#target
    let failure: unknown
    for (const broker of brokers) {
      try {
        const connection = await this.#connectionTo(broker)
        const body = await connection.ask((correlation) => metadataRequest(correlation, topic))
        return metadataResponse(body, topic)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  async #connectionTo({ host, port }: { host: string; port: number }): Promise<KafkaConnection> {
    const name = `${host}:${port}`
    const known = this.#connections.get(name)
    if (known?.isOpen === true) return known
    const opened = await KafkaConnection.open(host, port, this.#timeoutMillis)
    this.#connections.set(name, opened)
    return opened
  }
}
