/** Claims of usernames in Postgres. */
import type { AccountId } from "@rookery/domain/Ids"
import { Data, Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { AccountRow, NewAccount, Taken } from "../AccountStore.ts"
import type { Claim, ClaimStore, Reservation } from "../ClaimStore.ts"
import { StoreError } from "../StoreError.ts"
import * as Accounts from "./AccountStorePostgres.ts"
import { int2s, int8s, operation, texts } from "./statement.ts"

/** Ends the transaction, so that the attempt's row stays. */
class NotMade extends Data.TaggedError("NotMade")<{ readonly taken: Taken }> {}

const columnsOf = (claims: ReadonlyArray<Claim>) =>
  [texts(claims.map(({ key }) => key)), int2s(claims.map(({ home }) => home)), int8s(claims.map(({ account }) => account))] as const

/** Nobody's, or these accounts' already. Names of accounts that are known here are taken, whoever claimed them. */
const insert = (sql: SqlClient.SqlClient, claims: ReadonlyArray<Claim>, millis: number) => {
  const [keys, homes, accounts] = columnsOf(claims)
  return sql<{ key: string }>`
    INSERT INTO username_claims AS c (key, home, account, expires_at)
    SELECT i.key, i.home, i.account, now() + ${millis}::int * interval '1 millisecond'
    FROM unnest(${keys}, ${homes}, ${accounts}) AS i (key, home, account)
    WHERE NOT EXISTS (SELECT FROM accounts a WHERE a.username_key = i.key AND a.id <> i.account) ORDER BY i.key
    ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at WHERE c.account = excluded.account
    RETURNING key`
}

/** Those that ran out, or whose accounts nobody here knows: they were deleted, or have not been told of yet. */
const overdue = (sql: SqlClient.SqlClient, keys: ReadonlyArray<string>) =>
  sql<Claim>`
    SELECT c.key, c.account, c.home
    FROM username_claims c LEFT JOIN accounts a ON a.id = c.account AND NOT a.gone
    WHERE c.key = ANY(${texts(keys)}) AND CASE WHEN c.state = 0 THEN c.expires_at < now() ELSE a.id IS NULL END`

const reserve = (
  sql: SqlClient.SqlClient,
  claims: ReadonlyArray<Claim>,
  millis: number
): Effect.Effect<ReadonlyArray<Reservation>, SqlError.SqlError> =>
  Effect.gen(function*() {
    const reserved = new Set((yield* insert(sql, claims, millis)).map(({ key }) => key))
    const others = claims.flatMap(({ key }) => reserved.has(key) ? [] : [key])
    const holders = new Map(others.length === 0 ? [] : (yield* overdue(sql, others)).map((claim) => [claim.key, claim]))
    return claims.map(({ key }): Reservation => {
      const by = holders.get(key)
      if (reserved.has(key)) return { _tag: "Reserved" }
      return by === undefined ? { _tag: "Taken" } : { _tag: "Overdue", by }
    })
  })

const confirm = (sql: SqlClient.SqlClient, claims: ReadonlyArray<Claim>) => {
  const [keys, homes, accounts] = columnsOf(claims)
  return Effect.asVoid(sql`
    INSERT INTO username_claims AS c (key, home, account, state, expires_at)
    SELECT key, home, account, 1, now() FROM unnest(${keys}, ${homes}, ${accounts}) AS i (key, home, account) ORDER BY key
    ON CONFLICT (key) DO UPDATE SET state = 1 WHERE c.account = excluded.account`)
}

const release = (sql: SqlClient.SqlClient, claims: ReadonlyArray<Claim>) => {
  const [keys, , accounts] = columnsOf(claims)
  return Effect.asVoid(sql`
    WITH locked AS MATERIALIZED (
      SELECT c.key FROM username_claims c JOIN unnest(${keys}, ${accounts}) AS i (key, account) ON i.key = c.key AND i.account = c.account
      ORDER BY c.key FOR UPDATE OF c
    )
    DELETE FROM username_claims c USING locked WHERE c.key = locked.key`)
}

/** Whoever waits for the row of an attempt here finds out what became of it. Answers those that there were. */
const takeAttempts = (sql: SqlClient.SqlClient, accounts: ReadonlyArray<AccountId>) =>
  sql`
    WITH locked AS MATERIALIZED (
      SELECT account FROM username_attempts WHERE account = ANY(${int8s(accounts)}) ORDER BY account FOR UPDATE
    )
    DELETE FROM username_attempts a USING locked WHERE a.account = locked.account RETURNING 1`

const existsOrNever = (sql: SqlClient.SqlClient, claims: ReadonlyArray<Pick<Claim, "account" | "key">>) =>
  sql.withTransaction(Effect.gen(function*() {
    const accounts = claims.map(({ account }) => account)
    yield* takeAttempts(sql, accounts)
    const found = yield* sql<{ id: AccountId }>`
      SELECT a.id FROM accounts a JOIN unnest(${int8s(accounts)}, ${texts(claims.map(({ key }) => key))}) AS i (id, key)
        ON i.id = a.id AND i.key = a.username_key`
    const existing = new Set(found.map(({ id }) => id))
    return accounts.map((account) => existing.has(account))
  }))

/** What a crash left is given up after a day. */
const begin = (sql: SqlClient.SqlClient, accounts: ReadonlyArray<AccountId>) =>
  Effect.andThen(
    sql`DELETE FROM username_attempts WHERE started_at < now() - interval '1 day'`,
    sql`INSERT INTO username_attempts (account) SELECT * FROM unnest(${int8s(accounts)}) ORDER BY 1`
  )

export const make = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const accounts = yield* Accounts.make

  const createBegun = (account: NewAccount): Effect.Effect<AccountRow | "Abandoned", SqlError.SqlError | StoreError | NotMade> =>
    Effect.gen(function*() {
      if ((yield* takeAttempts(sql, [account.id])).length === 0) return "Abandoned"
      const made = yield* accounts.create(account)
      return typeof made === "string" ? yield* new NotMade({ taken: made }) : made
    })

  const create: ClaimStore["Service"]["create"] = (account) =>
    sql.withTransaction(createBegun(account)).pipe(
      Effect.catchTag("NotMade", ({ taken }) => Effect.succeed(taken)),
      Effect.catchTag("SqlError", (cause) => Effect.fail(new StoreError({ operation: "ClaimStore.create", cause })))
    )

  const service: ClaimStore["Service"] = {
    reserve: (claims, millis) => operation("ClaimStore.reserve", reserve(sql, claims, millis)),
    confirm: (claims) => operation("ClaimStore.confirm", confirm(sql, claims)),
    release: (claims) => operation("ClaimStore.release", release(sql, claims)),
    begin: (people) => {
      const keys = people.map(({ username }) => Accounts.usernameKey(username))
      return operation("ClaimStore.begin", Effect.as(begin(sql, people.map(({ id }) => id)), keys))
    },
    create,
    existsOrNever: (claims) => operation("ClaimStore.existsOrNever", existsOrNever(sql, claims))
  }
  return service
})
