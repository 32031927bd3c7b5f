/** Deleted posts of an author, whose words go with the account: without it that reads every post there is. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`CREATE INDEX posts_gone_of_author ON posts (author, id) WHERE deleted_at IS NOT NULL`)
