/**
 * Puts the words of packed posts back into rows that were read: chunks are kept for a while, and each that is not there is
 * fetched once, however many ask, all that one page needs in one query.
 */
import * as Metrics from "@rookery/observe/Metrics"
import { Effect, type Exit } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { StoredMedia } from "../mediaRows.ts"
import { int8s } from "../statement.ts"
import { type Chunk, decode, type Packed } from "./chunk.ts"

/** Values of `posts.content`: the words are in the row, with the post's owner (in another datacenter), or in a chunk. */
export const contents = { here: 0, elsewhere: 1, packed: 2 } as const

/** To be selected of `posts p` beside the columns of `Wordy`. */
export const chunkColumn = `CASE WHEN p.content = ${contents.packed} THEN past_chunk_of(p.id) END AS chunk`

/** A row whose words may be elsewhere. */
export interface Wordy {
  readonly id: bigint
  readonly content: number
  readonly chunk: bigint | null
  readonly text: string
  readonly spoiler: string
  readonly media?: StoredMedia
}

/** Bytes of uncompressed chunks that a process keeps; in memory they take two to three times as much. */
const keptBytesMax = 16 * 1024 * 1024

/** A row is read anew when its chunk is not there or not with it: it was unpacked meanwhile. More often than this it is damaged. */
const readsMax = 4

interface Kept {
  readonly chunk: Chunk
  readonly bytes: number
}

type Fetched = Exit.Exit<ReadonlyMap<bigint, Chunk>, SqlError.SqlError>

interface Row {
  readonly id: bigint
  readonly codec: number
  readonly rawBytes: number
  readonly data: Uint8Array
}

/** A chunk that cannot be read is as one that is not there, for the pages that its posts are in. */
const decoded = (row: Row) =>
  Effect.tryPromise(() => decode(row.codec, row.data)).pipe(
    Effect.catch((error) => Effect.as(Effect.logError(`Chunk ${row.id} of old posts cannot be read`, error), undefined))
  )

export class PastReader {
  readonly #sql: SqlClient.SqlClient
  /** In the order of use, the latest last. */
  readonly #kept = new Map<bigint, Kept>()
  readonly #asked = new Map<bigint, Promise<Fetched>>()
  #bytes = 0

  constructor(sql: SqlClient.SqlClient) {
    this.#sql = sql
  }

  /** Forgets all chunks. */
  clear(): void {
    this.#kept.clear()
    this.#bytes = 0
  }

  #keep(id: bigint, chunk: Chunk, bytes: number): void {
    this.#kept.set(id, { chunk, bytes })
    this.#bytes += bytes
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#bytes <= keptBytesMax || oldest === id) return
      this.#kept.delete(oldest)
      this.#bytes -= freed
    }
  }

  #fetch(ids: ReadonlyArray<bigint>): Effect.Effect<ReadonlyMap<bigint, Chunk>, SqlError.SqlError> {
    const sql = this.#sql
    const read = sql<Row>`
      SELECT id, codec, raw_bytes AS "rawBytes", data FROM past_chunks WHERE id = ANY(${int8s(ids)})`
    return Effect.map(Effect.flatMap(read, Effect.forEach((row) => Effect.map(decoded(row), (chunk) => ({ ...row, chunk })))), (rows) => {
      const found = new Map<bigint, Chunk>()
      for (const { chunk, id, rawBytes } of rows) {
        if (chunk === undefined) continue
        this.#keep(id, chunk, rawBytes)
        found.set(id, chunk)
      }
      Metrics.pastChunkLoads.value += rows.length
      return found
    })
  }

  /** Not part of whatever transaction or fiber asks first: others may wait for it too. */
  #start(ids: ReadonlyArray<bigint>): void {
    if (ids.length === 0) return
    const fetched = Effect.runPromiseExit(this.#fetch(ids))
    for (const id of ids) this.#asked.set(id, fetched)
    void fetched.then(() => {
      for (const id of ids) this.#asked.delete(id)
    })
  }

  /** Those that there are. */
  chunks(ids: ReadonlySet<bigint>): Effect.Effect<ReadonlyMap<bigint, Chunk>, SqlError.SqlError> {
    return Effect.suspend(() => {
      const found = new Map<bigint, Chunk>()
      for (const id of ids) {
        const kept = this.#kept.get(id)
        if (kept === undefined) continue
        this.#kept.delete(id)
        this.#kept.set(id, kept)
        found.set(id, kept.chunk)
      }
      Metrics.pastChunkHits.value += found.size
      if (found.size === ids.size) return Effect.succeed(found)
      this.#start([...ids].filter((id) => !found.has(id) && !this.#asked.has(id)))
      const waited = new Set([...ids].flatMap((id) => this.#asked.get(id) ?? []))
      return Effect.map(
        Effect.forEach(waited, (one) => Effect.flatMap(Effect.promise(() => one), (exit) => exit)),
        (maps) => new Map([...found, ...maps.flatMap((map) => [...map])])
      )
    })
  }
}

const readers = new WeakMap<SqlClient.SqlClient, PastReader>()

/** One for each pool. */
export const readerOf = (sql: SqlClient.SqlClient): PastReader => {
  const known = readers.get(sql)
  if (known !== undefined) return known
  const made = new PastReader(sql)
  readers.set(sql, made)
  return made
}

/** Each row with what is packed of it; undefined where its words are not packed. `read` reads rows anew. */
export const withPacked = <R extends Wordy>(
  sql: SqlClient.SqlClient,
  first: ReadonlyArray<R>,
  read: (ids: ReadonlyArray<bigint>) => Effect.Effect<ReadonlyArray<R>, SqlError.SqlError>
): Effect.Effect<ReadonlyArray<readonly [row: R, packed: Packed | undefined]>, SqlError.SqlError> => {
  if (first.every((row) => row.content !== contents.packed)) return Effect.succeed(first.map((row) => [row, undefined]))
  const reader = readerOf(sql)
  return Effect.gen(function*() {
    const done = new Map<bigint, readonly [R, Packed | undefined]>()
    let rows = first
    for (let i = 0; i < readsMax && rows.length > 0; i++) {
      const chunks = yield* reader.chunks(new Set(rows.flatMap((row) => row.chunk ?? [])))
      const missing: Array<bigint> = []
      for (const row of rows) {
        const packed = row.chunk === null ? undefined : chunks.get(row.chunk)?.get(row.id)
        if (row.content === contents.packed && packed === undefined) missing.push(row.id)
        else done.set(row.id, [row, packed])
      }
      rows = missing.length === 0 ? [] : yield* read(missing)
    }
    if (rows.length > 0) yield* lost(rows, done)
    return first.flatMap((row) => {
      const found = done.get(row.id)
      return found === undefined ? [] : [found]
    })
  })
}

/** Shown like posts whose words are elsewhere: a damaged chunk must not take the pages down that name its posts. */
const lost = <R extends Wordy>(rows: ReadonlyArray<R>, done: Map<bigint, readonly [R, Packed | undefined]>) => {
  for (const row of rows) done.set(row.id, [{ ...row, content: contents.elsewhere, chunk: null }, undefined])
  Metrics.pastLost.value += rows.length
  return Effect.logError(`The words of ${rows.length} old posts are in no chunk, such as of ${rows[0]!.id}`)
}

/** Rows as if nothing were packed. */
export const unpacked = <R extends Wordy>(
  sql: SqlClient.SqlClient,
  rows: ReadonlyArray<R>,
  read: (ids: ReadonlyArray<bigint>) => Effect.Effect<ReadonlyArray<R>, SqlError.SqlError>
): Effect.Effect<ReadonlyArray<R>, SqlError.SqlError> =>
  Effect.map(withPacked(sql, rows, read), (found) =>
    found.map(([row, packed]) =>
      packed === undefined ? row : { ...row, text: packed.text, spoiler: packed.spoiler, media: packed.media, content: contents.here }))
