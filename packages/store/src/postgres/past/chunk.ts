/**
 * What a chunk holds: the words of some hundred posts, by columns, since like things side by side compress well, in JSON
 * under zstd. Ids are differences to the one before, in base 36.
 */
import type { StoredMedia } from "../mediaRows.ts"
import { promisify } from "node:util"
import { constants, zstdCompress, zstdDecompress } from "node:zlib"

/** A version that was replaced, as `post_edits` has it. */
export interface PackedEdit {
  readonly version: number
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly media: StoredMedia
  /** ISO 8601 with microseconds, as Postgres writes it in JSON. */
  readonly at: string
}

/** What is packed of one post. */
export interface Packed {
  readonly text: string
  readonly spoiler: string
  readonly media: StoredMedia
  readonly edits: ReadonlyArray<PackedEdit>
}

/** By id, in rising order. */
export type Chunk = ReadonlyMap<bigint, Packed>

/** Most posts have only a text: the rest stands by the place of the post. */
interface Columns {
  readonly ids: ReadonlyArray<string>
  readonly texts: ReadonlyArray<string>
  readonly spoilers: Record<number, string>
  readonly media: Record<number, NonNullable<StoredMedia>>
  readonly edits: Record<number, ReadonlyArray<PackedEdit>>
}

/** Numbers in `past_chunks.codec`. */
export const codecs = { zstd: 1 } as const

/** Packing happens once, reading often: 19 is the slowest level that needs no more memory to read. */
const level = 19

/** No chunk that we write is larger, uncompressed, by far; a damaged one must not fill the memory. */
const rawBytesMax = 64 * 1024 * 1024

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

const columnsOf = (chunk: Chunk): Columns => {
  const columns = { ids: Array<string>(), texts: Array<string>(), spoilers: {}, media: {}, edits: {} } satisfies Columns
  const { edits, media, spoilers }: Columns = columns
  let before = 0n
  for (const [id, post] of chunk) {
    const place = columns.ids.push((id - before).toString(36)) - 1
    before = id
    columns.texts.push(post.text)
    if (post.spoiler !== "") spoilers[place] = post.spoiler
    if (post.media !== null) media[place] = post.media
    if (post.edits.length > 0) edits[place] = post.edits
  }
  return columns
}

/** Reads what `toString(36)` wrote; numbers are too small for 64 bits. */
const parse36 = (text: string): bigint => {
  let value = 0n
  for (const digit of text) value = value * 36n + BigInt(Number.parseInt(digit, 36))
  return value
}

export interface Encoded {
  readonly data: Uint8Array
  readonly rawBytes: number
}

export const encode = async (chunk: Chunk): Promise<Encoded> => {
  const raw = Buffer.from(JSON.stringify(columnsOf(chunk)))
  const data = await compress(raw, { params: { [constants.ZSTD_c_compressionLevel]: level } })
  return { data, rawBytes: raw.length }
}

/** Rejects what is damaged, or of a codec that is not known. */
export const decode = async (codec: number, data: Uint8Array): Promise<Chunk> => {
  if (codec !== codecs.zstd) throw new Error(`a chunk of old posts has the unknown codec ${codec}`)
  const raw = await decompress(data, { maxOutputLength: rawBytesMax })
  const { edits, ids, media, spoilers, texts }: Columns = JSON.parse(raw.toString())
  const chunk = new Map<bigint, Packed>()
  let id = 0n
  ids.forEach((difference, place) => {
    id = place === 0 && difference.startsWith("-") ? -parse36(difference.slice(1)) : id + parse36(difference)
    chunk.set(id, { text: texts[place]!, spoiler: spoilers[place] ?? "", media: media[place] ?? null, edits: edits[place] ?? [] })
  })
  return chunk
}
