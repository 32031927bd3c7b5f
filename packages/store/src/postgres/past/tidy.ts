/** What is left to do after a swap, with nobody waiting for it: histories that are packed go, and chunks forget what must not be in them. */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { int8s } from "../statement.ts"
import { type Chunk, decode, encode } from "./chunk.ts"
import { contents } from "./reader.ts"

/** Posts whose histories one step takes away, and posts that one step takes out of their chunks. */
const tidiedMax = 1_000
const scrubbedMax = 200

/**
 * The next histories of a packed partition; answers whether there was anything to do. The lock on the rows keeps an edit, which
 * brings the history back, before or after this.
 */
export const tidy = (sql: SqlClient.SqlClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [part] = yield* sql<{ id: number; tidiedTo: bigint; toId: bigint }>`
      SELECT id, tidied_to AS "tidiedTo", to_id AS "toId" FROM past_parts WHERE live AND tidied_to < to_id ORDER BY id LIMIT 1`
    if (part === undefined) return false
    const edited = yield* sql<{ id: bigint }>`
      SELECT DISTINCT post_id AS id FROM post_edits WHERE post_id > ${part.tidiedTo} AND post_id < ${part.toId}
      ORDER BY post_id LIMIT ${tidiedMax}`
    if (edited.length > 0) {
      const ids = int8s(edited.map((row) => row.id))
      const packed = yield* sql<{ id: bigint }>`
        SELECT id FROM posts WHERE id = ANY(${ids}) AND content = ${contents.packed} ORDER BY id FOR SHARE`
      yield* sql`DELETE FROM post_edits WHERE post_id = ANY(${int8s(packed.map((row) => row.id))})`
    }
    const tidiedTo = edited.length < tidiedMax ? part.toId : edited.at(-1)!.id
    yield* sql`UPDATE past_parts SET tidied_to = ${tidiedTo} WHERE id = ${part.id}::int`
    return true
  })

interface Stale {
  readonly chunk: bigint
  readonly codec: number
  readonly data: Uint8Array
  readonly ids: ReadonlyArray<string>
}

const without = (chunk: Chunk, ids: ReadonlySet<bigint>): Chunk => new Map([...chunk].filter(([id]) => !ids.has(id)))

/** An empty chunk stays, small, so that no other answers for its range. */
const rewrite = (sql: SqlClient.SqlClient, { chunk, codec, data, ids }: Stale) =>
  Effect.gen(function*() {
    const before = yield* Effect.promise(() => decode(codec, data))
    const after = without(before, new Set(ids.map(BigInt)))
    if (after.size === before.size) return
    const encoded = yield* Effect.promise(() => encode(after))
    yield* sql`
      UPDATE past_chunks SET data = ${encoded.data}, posts = ${after.size}::int, raw_bytes = ${encoded.rawBytes}::int WHERE id = ${chunk}`
  })

/**
 * Takes posts that were edited, deleted or whose author is gone while or after they were packed out of their chunks, as
 * far as their partition is in its place. Readers that hold such a chunk look no such post up: its row says that it is not packed.
 */
export const scrub = (sql: SqlClient.SqlClient): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    const loose = yield* sql<{ id: bigint }>`
      DELETE FROM past_loose WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM past_loose l
        WHERE NOT EXISTS (SELECT FROM past_parts p WHERE NOT p.live AND l.id >= p.from_id AND l.id < p.to_id) LIMIT ${scrubbedMax}
      )) RETURNING id`
    if (loose.length === 0) return false
    const stale = yield* sql<Stale>`
      SELECT c.id AS chunk, c.codec, c.data, i.ids FROM (
        SELECT past_chunk_of(l.id) AS chunk, array_agg(l.id::text) AS ids FROM (
          SELECT id FROM unnest(${int8s(loose.map((row) => row.id))}) AS u (id)
          EXCEPT SELECT id FROM posts WHERE id = ANY(${int8s(loose.map((row) => row.id))}) AND content = ${contents.packed}
        ) l GROUP BY 1
      ) i JOIN past_chunks c ON c.id = i.chunk`
    yield* Effect.forEach(stale, (one) => rewrite(sql, one), { discard: true })
    return true
  })
