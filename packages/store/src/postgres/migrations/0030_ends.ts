/** What ends with a follow that begins, and with a block; and what such should have ended before. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { kind } from "../notices.ts"
import { ends } from "./gossip/changes.ts"

/** Requests that stand beside a follow, and their notices. */
const requests = `
  WITH ended AS (
    DELETE FROM follow_requests q USING follows f
    WHERE f.follower = q.account AND f.followee = q.target AND f.active RETURNING q.account, q.target
  )
  DELETE FROM notifications n USING ended e
  WHERE n.account = e.target AND n.from_account = e.account AND n.kind = ${kind.followRequest} AND n.object = 0`

/** Follows between people of two datacenters one of whom blocks the other: nobody, where there is one alone. */
const rejected = `SELECT gossip_answered(target, account, 3::smallint) FROM blocks WHERE is_remote(target) AND NOT is_remote(account)`
const given = `
  SELECT gossip_follow_changed(r.follower, r.followee, false, false)
  FROM remote_follows r JOIN blocks b ON b.account = r.follower AND b.target = r.followee
  WHERE r.active AND NOT is_remote(r.follower) AND is_remote(r.followee)`

/** What triggers were to do at the end of the transaction: a later migration may change the tables. */
const settled = "SET CONSTRAINTS ALL IMMEDIATE"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([...ends, requests, rejected, given, settled], (text) => sql.unsafe(text), { discard: true })
})
