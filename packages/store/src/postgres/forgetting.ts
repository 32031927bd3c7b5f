/** What hangs on posts that go: the end of statements that have them as `changed` (id, author, repost_of). */
import type { SqlClient, Statement } from "effect/sql"
import { kind, withdrawn } from "./notices.ts"
import { unprunedMatch } from "./postRows.ts"

/** What the author of a post was told when the wrapper in `changed` was made. */
const ofWrapper = (sql: SqlClient.SqlClient) =>
  sql`SELECT p.author, ${kind.reblog}::int, changed.author, changed.repost_of
      FROM changed JOIN posts p ON ${sql.literal(unprunedMatch("p.id", "changed.repost_of"))}`

/** CTEs that take the posts of `changed` out of the conversations that they are in: the newest that stays is the last there. */
export const untalking = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`
      untalked AS (
        UPDATE conversations v SET last_post = (
          SELECT max(o.post_id) FROM conversation_posts o WHERE o.conversation = v.id AND o.post_id NOT IN (SELECT id FROM changed)
        ) FROM changed JOIN conversation_posts t ON t.post_id = changed.id
        WHERE v.id = t.conversation AND v.last_post = changed.id
      ), forgotten AS (
        DELETE FROM conversation_posts t USING changed WHERE t.post_id = changed.id
      )`

/** CTEs that take the posts of `changed` out of what hangs on them here: tags, conversations, and the notice of a wrapper. */
export const forgetting = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`
      untagged AS (
        DELETE FROM post_tags t USING changed WHERE t.post_id = changed.id
      ), ${untalking(sql)}, ${withdrawn(sql, ofWrapper(sql))}`
