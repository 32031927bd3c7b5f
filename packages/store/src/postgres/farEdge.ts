/** Own people and followers elsewhere: edges without a reader row, a window or an outbox row. */
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { kind, noticed, withdrawn } from "./notices.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** Whether an account is a shadow; undefined when it is not there. */
export const isFar = (sql: SqlClient.SqlClient, account: AccountId): Sql<boolean | undefined> =>
  Effect.map(sql<{ remote: boolean }>`SELECT remote FROM accounts WHERE id = ${account}`, ([row]) => row?.remote)

/** Begins or ends an edge of a follower elsewhere, whose home is told by the row's trigger; false when it stands so already. */
export const setFarEdge = (sql: SqlClient.SqlClient, follower: AccountId, followee: AccountId, following: boolean): Sql<boolean> =>
  Effect.gen(function*() {
    const stands = yield* sql`SELECT FROM follows WHERE follower = ${follower} AND followee = ${followee} AND active`
    if ((stands.length > 0) === following) return false
    yield* sql`SELECT gossip_far_edge(${follower}, ${followee}, ${following})`
    const pair = sql`SELECT ${followee}::bigint, ${kind.follow}::int, ${follower}::bigint, 0::bigint`
    yield* following
      ? sql`WITH ${noticed(sql, sql`${pair}, false`)} SELECT`
      : sql`WITH ${withdrawn(sql, pair)} SELECT`
    return true
  })
