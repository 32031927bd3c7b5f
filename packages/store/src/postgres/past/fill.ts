/**
 * Fills a partition anew: a table beside it gets its rows without their words, chunks get the words. Nobody sees either
 * before the swap. A trigger notes what changes meanwhile, so writers never wait.
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { StoredMedia } from "../mediaRows.ts"
import { byteas, int4s, int8s } from "../statement.ts"
import { type Chunk, codecs, encode, type Packed, type PackedEdit } from "./chunk.ts"
import { columns, copyOf, lockMillis, type Part, type Partition, proofOf } from "./parts.ts"
import { contents } from "./reader.ts"

/** Posts of one transaction, and characters of these, which takes a part of a second. */
const batchMax = 4_096
const batchCharactersMax = 1_000_000

/** A chunk is read whole for each of its posts: its size is what reading costs. */
const chunkPostsMax = 256
const chunkBytesMax = 64 * 1024

/** Waits a moment at most until nobody writes to this month, for the trigger; fails then, to be tried again. */
export const begin = (sql: SqlClient.SqlClient, partition: Partition) =>
  Effect.gen(function*() {
    const { fromId, name, toId } = partition
    yield* sql.unsafe(`SET LOCAL lock_timeout = ${lockMillis}`)
    yield* sql`DELETE FROM past_changes`
    // How many rows there are, roughly, for a bar of progress.
    yield* sql.unsafe(`ANALYZE ${name}`)
    yield* sql.unsafe(`CREATE TRIGGER past_changed AFTER INSERT OR UPDATE OR DELETE ON ${name} FOR EACH ROW EXECUTE FUNCTION past_changed()`)
    // The check says what the bounds of the partition will say, so that no row is looked at when the copy is attached.
    yield* sql.unsafe(`
      CREATE TABLE ${copyOf(partition)} (
        LIKE posts INCLUDING DEFAULTS INCLUDING STORAGE INCLUDING COMPRESSION, CONSTRAINT within CHECK (${proofOf(partition)})
      )`)
    yield* sql`
      INSERT INTO past_parts (name, from_id, to_id, copied_to, tidied_to, posts_total)
      SELECT ${name}, ${fromId}, ${toId}, ${fromId}, ${fromId}, greatest(reltuples, 0)::bigint FROM pg_class
      WHERE oid = ${name}::text::regclass`
  })

/** What is packed of a row: of what is here the words, if there are any. Tombstones and wrappers have none that are needed. */
const packable = `deleted_at IS NULL AND content = ${contents.here} AND (text <> '' OR spoiler <> '' OR media IS NOT NULL)`

interface Row {
  readonly id: bigint
  readonly packed: boolean
  readonly text: string
  readonly spoiler: string
  readonly media: StoredMedia
  readonly edits: ReadonlyArray<PackedEdit> | null
}

const nextRows = (sql: SqlClient.SqlClient, part: Part) =>
  sql<Row>`
    SELECT id, text, spoiler, media, ${sql.literal(packable)} AS packed, (
      SELECT json_agg(json_build_object('version', version, 'text', text, 'spoiler', spoiler, 'sensitive', sensitive,
        'media', media, 'at', at) ORDER BY version) FROM post_edits WHERE post_id = o.id
    ) AS edits
    FROM ${sql.literal(part.name)} o WHERE id > ${part.copiedTo} ORDER BY id LIMIT ${batchMax}`

/** Characters that are packed of a row. */
const sizeOf = ({ edits, media, packed, spoiler, text }: Row): number =>
  packed ? text.length + spoiler.length + (media === null && edits === null ? 0 : JSON.stringify([media, edits]).length) : 0

/** Rows from the first on, of which one at least. */
const cut = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> => {
  let characters = 0
  const end = rows.findIndex((row) => (characters += sizeOf(row)) > batchCharactersMax)
  return end === -1 ? rows : rows.slice(0, Math.max(1, end))
}

/** Some hundred posts each, of no more than some size unless one alone is larger. */
const chunksOf = (rows: ReadonlyArray<Row>): ReadonlyArray<Chunk> => {
  const chunks: Array<Map<bigint, Packed>> = []
  let bytes = 0
  for (const row of rows) {
    if (!row.packed) continue
    const { edits, id, media, spoiler, text } = row
    const post = { text, spoiler, media, edits: edits ?? [] }
    const size = sizeOf(row)
    const last = chunks.at(-1)
    if (last === undefined || last.size >= chunkPostsMax || bytes + size > chunkBytesMax) {
      chunks.push(new Map([[id, post]]))
      bytes = size
    } else {
      last.set(id, post)
      bytes += size
    }
  }
  return chunks
}

const insertChunks = (sql: SqlClient.SqlClient, part: Part, chunks: ReadonlyArray<Chunk>) =>
  Effect.gen(function*() {
    if (chunks.length === 0) return
    const encoded = yield* Effect.forEach(chunks, (chunk) => Effect.promise(() => encode(chunk)), { concurrency: 2 })
    yield* sql`
      INSERT INTO past_chunks (part, first_id, posts, codec, raw_bytes, data)
      SELECT ${part.id}::int, first_id, posts, ${codecs.zstd}::smallint, raw_bytes, data
      FROM unnest(${int8s(chunks.map((chunk) => [...chunk.keys()][0]!))}, ${int4s(chunks.map((chunk) => chunk.size))},
        ${int4s(encoded.map((one) => one.rawBytes))}, ${byteas(encoded.map((one) => one.data))}) AS c (first_id, posts, raw_bytes, data)`
  })

/** The row of a packed post keeps a mark where media was, for the indexes of posts with pictures. */
const narrowed: Readonly<Record<string, string>> = {
  text: `CASE WHEN ${packable} OR deleted_at IS NOT NULL THEN '' ELSE text END`,
  spoiler: `CASE WHEN ${packable} OR deleted_at IS NOT NULL THEN '' ELSE spoiler END`,
  media: `CASE WHEN ${packable} AND media IS NOT NULL THEN '[]'::jsonb ELSE media END`,
  content: `CASE WHEN ${packable} THEN ${contents.packed} ELSE content END`
}

/**
 * The next rows, in one transaction; answers whether there were any. A row that changes between the statements is noted by
 * the trigger, and copied anew, with its words in it, before the swap.
 */
export const fill = (sql: SqlClient.SqlClient, part: Part): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    const rows = cut(yield* nextRows(sql, part))
    const last = rows.at(-1)
    if (last === undefined) return false
    yield* insertChunks(sql, part, chunksOf(rows))
    const names = yield* columns(sql)
    yield* sql`
      INSERT INTO ${sql.literal(`${copyOf(part)} (${names.join(", ")})`)}
      SELECT ${sql.literal(names.map((name) => narrowed[name] ?? name).join(", "))} FROM ${sql.literal(part.name)}
      WHERE id > ${part.copiedTo} AND id <= ${last.id} ORDER BY id`
    yield* sql`
      UPDATE past_parts SET copied_to = ${last.id}, posts = posts + ${rows.length}::int,
        packed = packed + ${rows.filter((row) => row.packed).length}::int
      WHERE id = ${part.id}::int`
    return true
  })
