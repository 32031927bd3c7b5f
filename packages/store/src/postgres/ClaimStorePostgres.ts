/** Claims of usernames in Postgres. */
import type { AccountId } from "@rookery/domain/Ids"
import { Data, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { AccountRow, NewAccount, Taken } from "../AccountStore.ts"
import type { Claim, ClaimStore, Reservation } from "../ClaimStore.ts"
import { StoreError } from "../StoreError.ts"
import * as Accounts from "./AccountStorePostgres.ts"
import { operation } from "./statement.ts"

interface Row {
  readonly key: string
  readonly account: AccountId
  readonly home: number
  readonly isOverdue: boolean
}

/** Ends the transaction, so that the attempt's row stays. */
class NotMade extends Data.TaggedError("NotMade")<{ readonly taken: Taken }> {}

const taken: Reservation = { _tag: "Taken" }

/** Nobody's, or this account's already. Names of accounts that are known here are taken, whoever claimed them. */
const insert = (sql: SqlClient.SqlClient, { account, home, key }: Claim, millis: number) =>
  sql`
    INSERT INTO username_claims AS c (key, home, account, expires_at)
    SELECT ${key}, ${home}, ${account}, now() + ${millis}::int * interval '1 millisecond'
    WHERE NOT EXISTS (SELECT FROM accounts WHERE username_key = ${key} AND id <> ${account})
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE c.account = excluded.account
    RETURNING 1`

/** One that ran out, or whose account nobody here knows: it was deleted, or has not been told of yet. */
const holder = (sql: SqlClient.SqlClient, key: string) =>
  sql<Row>`
    SELECT c.key, c.account, c.home, CASE WHEN c.state = 0 THEN c.expires_at < now() ELSE a.id IS NULL END AS "isOverdue"
    FROM username_claims c LEFT JOIN accounts a ON a.id = c.account AND NOT a.gone WHERE c.key = ${key}`

const reserve = (sql: SqlClient.SqlClient, claim: Claim, millis: number): Effect.Effect<Reservation, SqlError.SqlError> =>
  Effect.gen(function*() {
    const made = yield* insert(sql, claim, millis)
    if (made.length > 0) return { _tag: "Reserved" }
    const [row] = yield* holder(sql, claim.key)
    return row?.isOverdue === true ? { _tag: "Overdue", by: { key: row.key, account: row.account, home: row.home } } : taken
  })

/** Whoever waits for the row of an attempt here finds out what became of it. */
const takeAttempt = (sql: SqlClient.SqlClient, account: AccountId) =>
  Effect.map(sql`DELETE FROM username_attempts WHERE account = ${account} RETURNING 1`, (rows) => rows.length > 0)

const existsOrNever = (sql: SqlClient.SqlClient, account: AccountId, key: string) =>
  sql.withTransaction(Effect.andThen(
    takeAttempt(sql, account),
    Effect.map(sql`SELECT 1 FROM accounts WHERE id = ${account} AND username_key = ${key}`, (rows) => rows.length > 0)
  ))

/** What a crash left is given up after a day. */
const begin = (sql: SqlClient.SqlClient, account: AccountId) =>
  Effect.andThen(
    sql`DELETE FROM username_attempts WHERE started_at < now() - interval '1 day'`,
    sql`INSERT INTO username_attempts (account) VALUES (${account})`
  )

export const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const accounts = yield* Accounts.make

  const createBegun = (account: NewAccount): Effect.Effect<AccountRow | "Abandoned", SqlError.SqlError | StoreError | NotMade> =>
    Effect.gen(function*() {
      if (!(yield* takeAttempt(sql, account.id))) return "Abandoned"
      const made = yield* accounts.create(account)
      return typeof made === "string" ? yield* new NotMade({ taken: made }) : made
    })

  const create: ClaimStore["Service"]["create"] = (account) =>
    sql.withTransaction(createBegun(account)).pipe(
      Effect.catchTag("NotMade", ({ taken }) => Effect.succeed(taken)),
      Effect.catchTag("SqlError", (cause) => Effect.fail(new StoreError({ operation: "ClaimStore.create", cause })))
    )

  const service: ClaimStore["Service"] = {
    reserve: (claim, millis) => operation("ClaimStore.reserve", reserve(sql, claim, millis)),
    confirm: ({ account, home, key }) =>
      operation(
        "ClaimStore.confirm",
        Effect.asVoid(sql`
          INSERT INTO username_claims AS c (key, home, account, state, expires_at) VALUES (${key}, ${home}, ${account}, 1, now())
          ON CONFLICT (key) DO UPDATE SET state = 1 WHERE c.account = excluded.account`)
      ),
    release: ({ account, key }) =>
      operation("ClaimStore.release", Effect.asVoid(sql`DELETE FROM username_claims WHERE key = ${key} AND account = ${account}`)),
    begin: (account, username) => operation("ClaimStore.begin", Effect.as(begin(sql, account), Accounts.usernameKey(username))),
    create,
    existsOrNever: (account, key) => operation("ClaimStore.existsOrNever", existsOrNever(sql, account, key))
  }
  return service
})
