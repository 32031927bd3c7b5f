/** Direct posts by time: comparing them with another datacenter reads no others. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export default Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`CREATE INDEX posts_direct ON posts (id) WHERE visibility = 3 AND deleted_at IS NULL`)
