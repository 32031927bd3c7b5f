/** Search of posts of other datacenters: a row stands from their announcement on, its words come when they were fetched. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** The datacenter that has the words; NULL where they are in `words`, or shall not be. */
const wordsAt = "ALTER TABLE post_search ADD COLUMN words_at smallint"

const wanted = "CREATE INDEX post_search_wanted ON post_search (words_at, post_id DESC) WHERE words_at IS NOT NULL"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([wordsAt, wanted], (text) => sql.unsafe(text), { discard: true })
})
