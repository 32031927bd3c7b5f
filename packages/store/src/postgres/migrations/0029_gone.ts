/** What an account that is deleted leaves: its deleted posts, and follows of it that ended. Without these, finding them reads all there are. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE INDEX posts_gone_of_author ON posts (author, id) WHERE deleted_at IS NOT NULL`
  yield* sql`CREATE INDEX follows_ended_of_followee ON follows (followee) WHERE NOT active`
})
