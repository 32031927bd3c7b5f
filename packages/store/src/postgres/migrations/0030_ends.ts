/** What ends with a follow that begins, and with a block; and the requests that stood beside a follow. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { ends } from "./gossip/changes.ts"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach(ends, (text) => sql.unsafe(text), { discard: true })
  yield* sql`
    DELETE FROM follow_requests q USING follows f WHERE f.follower = q.account AND f.followee = q.target AND f.active`
})
