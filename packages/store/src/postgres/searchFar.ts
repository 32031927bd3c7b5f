/**
 * Words of posts of other datacenters, which `searchIndex.ts` made rows of without them. They are fetched by whoever calls, and come in
 * here under the lock of the index, so that no step of it and no other fetch changes the same rows meanwhile.
 */
import type { Content } from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { PostHit } from "../SearchStore.ts"
import { contents } from "./past/reader.ts"
import { replace, type Row, rowsOf } from "./searchIndex.ts"
import { int8s, storable } from "./statement.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** Newest first. */
export const wanted = (sql: SqlClient.SqlClient, home: number, since: bigint, limit: number): Sql<ReadonlyArray<PostHit>> =>
  sql<PostHit>`
    SELECT post_id AS id, version FROM post_search WHERE words_at = ${home}::smallint AND post_id >= ${since}
    ORDER BY post_id DESC LIMIT ${limit}`

const filled = (row: Row, { language, mentions, spoiler, text }: Content): Row => ({
  ...row,
  text: storable(text),
  spoiler: storable(spoiler),
  language,
  mentions: mentions.map(({ id, username }) => ({ id: String(id), username: storable(username) })),
  // Those of this version were announced; none were where there are none.
  announcedTags: row.announcedTags ?? [],
  wordsAt: null
})

/** Of another version than the post has by now, words are left out: those of that version are wanted still, or will be. */
export const learn = (sql: SqlClient.SqlClient, told: ReadonlyArray<Content>, unknown: ReadonlyArray<PostId>): Sql<number> =>
  sql.withTransaction(Effect.gen(function*() {
    yield* sql`SELECT FROM search_progress FOR UPDATE`
    if (unknown.length > 0) yield* sql`UPDATE post_search SET words_at = NULL WHERE post_id = ANY(${int8s(unknown)})`
    const byId = new Map<bigint, Content>(told.map((content) => [content.id, content]))
    const rows = (yield* rowsOf(sql, [...byId.keys()])).flatMap((row) => {
      const content = byId.get(row.id)!
      const fits = row.isIndexed && !row.isGone && row.content === contents.elsewhere && row.version === content.version
      return fits ? [filled(row, content)] : []
    })
    yield* replace(sql, rows)
    return rows.length
  }))
