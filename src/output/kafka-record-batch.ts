// Record batch of Kafka, message format 2 (Kafka protocol guide, "Record Batch").
//
//   baseOffset int64 · batchLength int32 · partitionLeaderEpoch int32 · magic int8 = 2 · crc uint32 (CRC-32C of the rest) ·
//   attributes int16 · lastOffsetDelta int32 · baseTimestamp int64 · maxTimestamp int64 · producerId int64 ·
//   producerEpoch int16 · baseSequence int32 · count int32 · records
//
// A record: length varint · attributes int8 · timestampDelta varint · offsetDelta varint · key length varint, −1 for none ·
// value length varint · value · count of headers varint. Varints are zigzag-coded.

const BATCH_LENGTH = 8
const MAGIC = 16
const CRC = 17
const ATTRIBUTES = 21
const LAST_OFFSET_DELTA = 23
const BASE_TIMESTAMP = 27
const MAX_TIMESTAMP = 35
const PRODUCER_ID = 43
const PRODUCER_EPOCH = 51
const BASE_SEQUENCE = 53
const COUNT = 57
export const RECORD_BATCH_HEADER_LEN = 61
/** Bytes of a record beside its value, at most: four varints, of which two are short, and three single bytes. */
export const RECORD_MOST_EXTRA_LEN = 5 + 1 + 1 + 5 + 1 + 5 + 1

/** The polynomial of CRC-32C (RFC 3720 appendix B.4), its bits reversed. */
const CASTAGNOLI = 0x82f63b78
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1
  return crc
})

/** CRC-32C of `bytes[off, end)`, from 0 to 2^32 − 1 (RFC 3720 appendix B.4). */
export function crc32c(bytes: Uint8Array, off: number, end: number): number {
  let crc = -1
  for (let i = off; i < end; i++)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number)
  return ~crc >>> 0
}

/** A batch of records with no key, no header and no compression, all of `timeMillis`. */
export function recordBatch(values: readonly Uint8Array[], timeMillis: number): Buffer {
  const most = values.reduce((sum, value) => sum + value.length + RECORD_MOST_EXTRA_LEN, 0)
  const batch = Buffer.alloc(RECORD_BATCH_HEADER_LEN + most)
  let at = RECORD_BATCH_HEADER_LEN
  const varint = (value: number) => {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0
    for (; rest > 0x7f; rest >>>= 7) batch[at++] = (rest & 0x7f) | 0x80
    batch[at++] = rest
  }
  for (const [index, value] of values.entries()) {
    varint(4 + varintLen(index) + varintLen(value.length) + value.length)
    batch[at++] = 0 // attributes
    varint(0) // timestampDelta
    varint(index)
    varint(-1) // no key
    varint(value.length)
    batch.set(value, at)
    at += value.length
    varint(0) // no headers
  }
  const time = BigInt(timeMillis)
  batch.writeInt32BE(at - BATCH_LENGTH - 4, BATCH_LENGTH)
  batch.writeInt32BE(-1, BATCH_LENGTH + 4)
  batch[MAGIC] = 2
  batch.writeInt16BE(0, ATTRIBUTES)
  batch.writeInt32BE(values.length - 1, LAST_OFFSET_DELTA)
  batch.writeBigInt64BE(time, BASE_TIMESTAMP)
  batch.writeBigInt64BE(time, MAX_TIMESTAMP)
  batch.writeBigInt64BE(-1n, PRODUCER_ID)
  batch.writeInt16BE(-1, PRODUCER_EPOCH)
  batch.writeInt32BE(-1, BASE_SEQUENCE)
  batch.writeInt32BE(values.length, COUNT)
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES, at), CRC)
  return batch.subarray(0, at)
}

/** Bytes of a value from 0 on as a zigzag varint. */
function varintLen(value: number): number {
  let len = 1
  for (let rest = (value << 1) >>> 0; rest > 0x7f; rest >>>= 7) len++
  return len
}
