/** A month of old posts to be packed, and the steps that pack it. Posts of tests have small ids: they are in `posts_early`, which is old. */
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { decode } from "../src/postgres/past/chunk.ts"
import { step } from "../src/postgres/past/past.ts"
import { PostStore } from "../src/PostStore.ts"

/** The partitions before this month are old. */
export const before = (): bigint => Snowflake.floorAt(Date.now())

const stepsMax = 500

/** Steps until there is nothing to do; answers what was done. */
export const packAll = Effect.gen(function*() {
  const did: Array<string> = []
  for (let i = 0; i < stepsMax; i++) {
    const made = yield* step(before())
    if (made.did === "idle") return did
    if (made.did === "busy" || made.did === "held up") yield* Effect.sleep("20 millis")
    did.push(made.did)
  }
  return yield* Effect.die(new Error(`not done after ${stepsMax} steps: ${did.slice(-20).join(", ")}`))
})

/** What a reader can see of these posts, words and histories. */
export const seen = (ids: ReadonlyArray<PostId>) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const found = (yield* posts.byIds(ids)).toSorted((a, b) => a.id < b.id ? -1 : 1)
    const histories = yield* Effect.forEach(ids, (id) => posts.history(id), { concurrency: 4 })
    return { found, histories }
  })

/** Ids in a partition whose words are in chunks. */
export const packedIds = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ id: PostId }>`SELECT id FROM posts WHERE content = 2 ORDER BY id`
  return rows.map((row) => row.id)
})

/** All that the chunks hold, stale or not. */
export const chunkTexts = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<{ codec: number; data: Uint8Array }>`SELECT codec, data FROM past_chunks`
  const chunks = yield* Effect.forEach(rows, ({ codec, data }) => Effect.promise(() => decode(codec, data)))
  return chunks.flatMap((chunk) => [...chunk.values()].flatMap((post) => [post.text, ...post.edits.map((edit) => edit.text)]))
})

export const setMedia = (id: PostId) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`UPDATE posts SET media = ${JSON.stringify([{
      id: "77", kind: "image", description: "a heron", focus: null, blurhash: null, key: "ab", type: "image/png", width: 3, height: 2
    }])}::text::jsonb WHERE id = ${id}`)
