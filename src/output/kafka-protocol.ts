// Requests and responses of Kafka that a producer needs, in versions that brokers from 0.11 to 4 speak
// (Kafka protocol guide): Metadata 1 and Produce 3.
//
//   request:  length int32 · api key int16 · api version int16 · correlation id int32 · client id string · body
//   response: length int32 · correlation id int32 · body

const PRODUCE = 0
const METADATA = 3
const PRODUCE_VERSION = 3
const METADATA_VERSION = 1
const CLIENT_ID = 'hellotap'
/** Every replica in sync has the records before the broker answers. */
const ACKS_ALL = -1

/** What goes wrong at a broker, with the remedy; a code that is not here is printed as a number. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [3, 'the broker knows no such topic: create it, or allow auto.create.topics.enable'],
  [5, 'the partition has no leader yet'],
  [6, 'the broker is no longer the leader of the partition'],
  [7, 'the broker timed out'],
  [10, 'the message is larger than message.max.bytes of the topic'],
  [17, 'the topic has a name that the broker does not allow'],
  [19, 'too few replicas are in sync'],
  [29, 'the broker does not allow writing to this topic: allow WRITE and DESCRIBE in its ACLs'],
  [35, 'the broker does not speak Metadata 1 and Produce 3: Kafka 0.11 or later is needed'],
])
export const MESSAGE_TOO_LARGE = 10

/** An answer of the broker that says no. */
export class KafkaError extends Error {
  readonly errorCode: number

  constructor(errorCode: number, topic: string) {
    super(`topic ${topic}: ${ERRORS.get(errorCode) ?? `Kafka error ${errorCode}`}`)
    this.errorCode = errorCode
  }
}

/** Where the leader of one partition is. */
export interface KafkaPartition {
  readonly partition: number
  readonly host: string
  readonly port: number
}

function request(api: number, version: number, correlation: number, body: Buffer[]): Buffer {
  const header = Buffer.concat([int16(api), int16(version), int32(correlation), string(CLIENT_ID)])
  const len = body.reduce((sum, part) => sum + part.length, header.length)
  return Buffer.concat([int32(len), header, ...body])
}

export const metadataRequest = (correlation: number, topic: string): Buffer =>
  request(METADATA, METADATA_VERSION, correlation, [int32(1), string(topic)])

/** `records` is one record batch for one partition. */
export function produceRequest(
  correlation: number,
  topic: string,
  partition: number,
  records: Buffer,
  timeoutMillis: number,
): Buffer {
  const noTransaction = int16(-1)
  return request(PRODUCE, PRODUCE_VERSION, correlation, [
    noTransaction,
    int16(ACKS_ALL),
    int32(timeoutMillis),
    int32(1),
    string(topic),
    int32(1),
    int32(partition),
    int32(records.length),
    records,
  ])
}

/** @returns the partitions that have a leader @throws KafkaError, RangeError if the body is too short */
export function metadataResponse(body: Buffer, topic: string): KafkaPartition[] {
  const read = new Reader(body)
  const brokers = new Map<number, { host: string; port: number }>()
  read.array(() => {
    const id = read.int32()
    const host = read.string()
    const port = read.int32()
    read.string() // rack
    brokers.set(id, { host, port })
  })
  read.int32() // controller
  const partitions: KafkaPartition[] = []
  read.array(() => {
    const error = read.int16()
    read.string()
    read.int8() // whether it is internal
    if (error !== 0) throw new KafkaError(error, topic)
    read.array(() => {
      read.int16() // error of a replica
      const partition = read.int32()
      const leader = brokers.get(read.int32())
      read.array(() => read.int32()) // replicas
      read.array(() => read.int32()) // replicas in sync
      if (leader !== undefined) partitions.push({ partition, ...leader })
    })
  })
  if (partitions.length === 0) throw new KafkaError(5, topic)
  return partitions
}

/** @throws KafkaError, RangeError if the body is too short */
export function checkProduceResponse(body: Buffer, topic: string): void {
  const read = new Reader(body)
  read.array(() => {
    read.string()
    read.array(() => {
      read.int32() // partition
      const error = read.int16()
      read.skip(16) // offset, time of the log
      if (error !== 0) throw new KafkaError(error, topic)
    })
  })
}

/** Reads front to back. Every read past the end throws a RangeError. */
class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int8 = () => this.#bytes.readInt8(this.skip(1))
  int16 = () => this.#bytes.readInt16BE(this.skip(2))
  int32 = () => this.#bytes.readInt32BE(this.skip(4))

  string(): string {
    const len = Math.max(0, this.int16()) // −1 is null
    const off = this.skip(len)
    return this.#bytes.toString('utf8', off, off + len)
  }

  array(element: () => void): void {
    for (let left = this.int32(); left > 0; left--) element()
  }

  /** @returns where it was */
  skip(len: number): number {
    const off = this.#at
    this.#at += len
    if (this.#at > this.#bytes.length) throw new RangeError('response cut short')
    return off
  }
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([int16(bytes.length), bytes])
}
