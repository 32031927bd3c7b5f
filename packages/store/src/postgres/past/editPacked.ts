/** An edit of a post whose words are packed: they go back into its row, and the edit is made there, in one transaction. */
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { EditChange } from "../../PostStore.ts"
import { edit } from "../postChanges.ts"
import type { Packed } from "./chunk.ts"
import { chunkColumn, contents, type Wordy, withPacked } from "./reader.ts"

/** At the version that the writer knows: a later one is not unpacked for an edit that would be refused. */
const readPacked = (sql: SqlClient.SqlClient, id: PostId, version: number) => () =>
  sql<Wordy>`
    SELECT p.id, p.text, p.spoiler, p.media, p.content, ${sql.literal(chunkColumn)} FROM posts p
    WHERE p.id = ${id} AND p.version = ${version} AND p.deleted_at IS NULL AND NOT is_remote(p.id) AND p.content = ${contents.packed}`

/** Histories come back too. The row stays locked until the transaction ends. */
const unpack = (sql: SqlClient.SqlClient, id: PostId, version: number, { edits, media, spoiler, text }: Packed) =>
  Effect.gen(function*() {
    const carried = media === null ? null : JSON.stringify(media)
    const [row] = yield* sql`
      UPDATE posts SET text = ${text}, spoiler = ${spoiler}, media = ${carried}::text::jsonb, content = ${contents.here}
      WHERE id = ${id} AND version = ${version} AND deleted_at IS NULL AND content = ${contents.packed} RETURNING 1 AS one`
    if (row === undefined) return
    yield* sql`INSERT INTO past_loose (id) VALUES (${id})`
    if (edits.length === 0) return
    yield* sql`
      INSERT INTO post_edits (post_id, version, text, spoiler, sensitive, media, at)
      SELECT ${id}, version, text, spoiler, sensitive, nullif(media, 'null'), at
      FROM jsonb_to_recordset(${JSON.stringify(edits)}::text::jsonb)
        AS e (version integer, text text, spoiler text, sensitive boolean, media jsonb, at timestamptz)
      ON CONFLICT DO NOTHING`
  })

/** As `edit` of postChanges.ts, wherever the words are. */
export const editAnywhere = (sql: SqlClient.SqlClient, id: PostId, version: number, change: EditChange) => {
  const once = edit(sql, id, version, change)
  return Effect.gen(function*() {
    const written = yield* once
    if (written !== undefined) return written
    const read = readPacked(sql, id, version)
    const [found]: ReadonlyArray<readonly [Wordy, Packed | undefined]> = yield* withPacked(sql, yield* read(), read)
    const packed = found?.[1]
    if (packed === undefined) return undefined
    return yield* sql.withTransaction(Effect.andThen(unpack(sql, id, version, packed), once))
  })
}
