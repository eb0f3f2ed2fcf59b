import { open, stat } from 'node:fs/promises'
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import type { AsyncBuffer, FileMetaData } from 'hyparquet'
import { SCHEMA_KEY, SCHEMA_VERSION } from './schema.js'
import type { ColumnName } from './schema.js'
import { zstd } from './zstd.js'

/** Rows of a file by column name. */
export type NamedRow = Partial<Record<ColumnName, unknown>>

/** A file that is no history file of this version: corrupt, half written, another's, a later version's. */
export class BadHistoryFile extends Error {
  override readonly name = 'BadHistoryFile'
}

/** Reads the footer of a file. @throws BadHistoryFile */
export async function readFooter(path: string): Promise<FileMetaData> {
  return withFile(path, (file) => footerOf(path, file))
}

/** Reads rows of these columns, or of all. @throws BadHistoryFile */
export async function readRows(path: string, columns?: readonly ColumnName[]): Promise<NamedRow[]> {
  const { decompress } = await zstd()
  return withFile(path, async (file) => {
    const metadata = await footerOf(path, file)
    try {
      return (await parquetReadObjects({
        file,
        metadata,
        compressors: { ZSTD: decompress },
        utf8: false,
        // microseconds, which a Date has not
        parsers: { timestampFromMicroseconds: (micros: bigint) => micros },
        ...(columns === undefined ? {} : { columns: [...columns] }),
      })) as NamedRow[]
    } catch (cause) {
      throw new BadHistoryFile(`${path} is damaged: ${(cause as Error).message}`, { cause })
    }
  })
}

async function footerOf(path: string, file: AsyncBuffer): Promise<FileMetaData> {
  let metadata: FileMetaData
  try {
    metadata = await parquetMetadataAsync(file)
  } catch (cause) {
    throw new BadHistoryFile(`${path} is no whole Parquet file: ${(cause as Error).message}`, {
      cause,
    })
  }
  const version = metadata.key_value_metadata?.find(({ key }) => key === SCHEMA_KEY)?.value
  if (version !== String(SCHEMA_VERSION))
    throw new BadHistoryFile(
      version === undefined
        ? `${path} is no file of a hellotap history`
        : `${path} has schema version ${version}, this program reads ${SCHEMA_VERSION}`,
    )
  return metadata
}

async function withFile<T>(path: string, use: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  const { size } = await stat(path)
  const handle = await open(path, 'r')
  try {
    return await use({
      byteLength: size,
      slice: async (start, end = size) => {
        const bytes = new Uint8Array(end - start)
        await handle.read(bytes, 0, bytes.length, start)
        return bytes.buffer
      },
    })
  } finally {
    await handle.close()
  }
}
