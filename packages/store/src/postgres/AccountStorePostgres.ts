/** Accounts in Postgres. */
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import type { AccountRow, AccountStore, Credentials, NewAccount, Taken } from "../AccountStore.ts"
import { removeAccount } from "./accountRemoval.ts"
import { taskKinds } from "./outboxTask.ts"
import { int4s, int8s, operation, storable } from "./statement.ts"

interface Row extends Omit<AccountRow, "disabledAt" | "lastStatusAt"> {
  readonly disabledAt: Date | null
  readonly lastStatusAt: Date | null
}

const columns = `
  a.id, a.no, a.shard, a.username, a.display_name AS "displayName", a.note, a.locked, a.bot, a.admin, a.remote,
  a.discoverable, a.fields, a.default_privacy AS "defaultPrivacy", a.default_sensitive AS "defaultSensitive",
  a.default_language AS "defaultLanguage", a.avatar, a.header, a.disabled_at AS "disabledAt",
  CASE WHEN a.remote THEN 0 ELSE w.followers END + w.followers_elsewhere AS followers,
  coalesce(r.following, w.following_elsewhere) AS following, w.statuses, w.last_status_at AS "lastStatusAt"`

const tables = "accounts a JOIN authors w ON w.account = a.id LEFT JOIN readers r ON r.account = a.id"

const accountOf = (row: Row): AccountRow => ({
  ...row,
  disabledAt: row.disabledAt?.getTime() ?? null,
  lastStatusAt: row.lastStatusAt?.getTime() ?? null
})

/** The form in which names are compared: NFKC, case-folded. */
export const usernameKey = (username: string): string => storable(username).normalize("NFKC").toLowerCase()

const emailKey = (email: string): string => storable(email).trim().toLowerCase()

const takenBy = (error: SqlError.SqlError): Taken | undefined => {
  if (error.reason._tag !== "UniqueViolation") return undefined
  if (error.reason.constraint === "accounts_username_taken") return "username"
  return error.reason.constraint === "accounts_email_taken" ? "email" : undefined
}

export const make = Effect.map(SqlClient.SqlClient, (sql): AccountStore["Service"] => {
  const from = sql.literal(`SELECT ${columns} FROM ${tables}`)
  const byIds = (ids: ReadonlyArray<AccountId>) =>
    Effect.map(sql<Row>`${from} WHERE a.id = ANY(${int8s(ids)})`, (rows) => rows.map(accountOf))

  const insert = (account: NewAccount) =>
    sql`
      WITH made AS (
        INSERT INTO accounts (id, shard, username, username_key, email, password_hash, admin)
        VALUES (${account.id}, ${account.shard}, ${storable(account.username)}, ${usernameKey(account.username)},
          ${account.email === null ? null : emailKey(account.email)}, ${account.passwordHash}, ${account.admin})
        RETURNING id, no
      ), author AS (INSERT INTO authors (account, no) SELECT id, no FROM made)
      INSERT INTO readers (account) SELECT id FROM made`

  const create = (account: NewAccount) =>
    insert(account).pipe(
      Effect.andThen(Effect.map(byIds([account.id]), (rows): AccountRow | Taken => rows[0]!)),
      Effect.catch((error) => {
        const taken = takenBy(error)
        return taken === undefined ? Effect.fail(error) : Effect.succeed(taken)
      })
    )

  const update: AccountStore["Service"]["update"] = (id, change) =>
    sql`
        WITH before AS MATERIALIZED (
          SELECT id AS account, locked AS was_locked FROM accounts WHERE id = ${id} AND NOT remote FOR UPDATE
        ), changed AS (
          UPDATE accounts SET
          display_name = coalesce(${change.displayName === undefined ? null : storable(change.displayName)}, display_name),
          note = coalesce(${change.note === undefined ? null : storable(change.note)}, note),
          locked = coalesce(${change.locked ?? null}, locked),
          bot = coalesce(${change.bot ?? null}, bot),
          discoverable = coalesce(${change.discoverable ?? null}, discoverable),
          fields = coalesce(${change.fields === undefined ? null : storable(JSON.stringify(change.fields))}::jsonb, fields),
          default_privacy = coalesce(${change.defaultPrivacy ?? null}, default_privacy),
          default_sensitive = coalesce(${change.defaultSensitive ?? null}, default_sensitive),
          default_language = CASE WHEN ${change.defaultLanguage !== undefined}
            THEN ${change.defaultLanguage ?? null} ELSE default_language END
          FROM before WHERE id = before.account RETURNING id, was_locked AND NOT locked AS unlocked
        )
        INSERT INTO outbox (owner, kind, payload, claimed_until)
        SELECT id, ${taskKinds.Unlocked}, '{}', clock_timestamp() FROM changed WHERE unlocked`.pipe(
      Effect.andThen(byIds([id])),
      Effect.map((rows) => rows.find((row) => !row.remote)),
      (effect) => operation("AccountStore.update", effect)
    )

  const credentials = (login: string) =>
    Effect.map(
      sql<{ id: AccountId; passwordHash: string | null; disabledAt: Date | null }>`
        SELECT id, password_hash AS "passwordHash", disabled_at AS "disabledAt" FROM accounts
        WHERE NOT remote AND (username_key = ${usernameKey(login)} OR email = ${emailKey(login)})
        ORDER BY username_key = ${usernameKey(login)} DESC LIMIT 1`,
      ([row]): Credentials | undefined => row && { ...row, disabledAt: row.disabledAt?.getTime() ?? null }
    )

  const totals = Effect.map(
    sql<{ accounts: bigint; posts: bigint; activeMonth: bigint }>`
      SELECT count(*) AS accounts, coalesce(sum(statuses), 0)::bigint AS posts,
        count(*) FILTER (WHERE last_status_at > now() - interval '30 days') AS "activeMonth"
      FROM authors WHERE NOT is_remote(account)`,
    ([row]) => ({
      accounts: Number(row!.accounts),
      posts: Number(row!.posts),
      activeMonth: Number(row!.activeMonth)
    })
  )

  return {
    create: (account) => operation("AccountStore.create", create(account)),
    byIds: (ids) => operation("AccountStore.byIds", byIds(ids)),
    byNos: (nos: ReadonlyArray<LocalNo>) =>
      operation(
        "AccountStore.byNos",
        Effect.map(sql<Row>`${from} WHERE a.no = ANY(${int4s(nos)})`, (rows) => rows.map(accountOf))
      ),
    byUsername: (username) =>
      operation(
        "AccountStore.byUsername",
        Effect.map(sql<Row>`${from} WHERE a.username_key = ${usernameKey(username)}`, ([row]) => row && accountOf(row))
      ),
    credentials: (login) => operation("AccountStore.credentials", credentials(login)),
    update,
    remove: (id) => removeAccount(sql, id),
    list: (after, limit) =>
      operation(
        "AccountStore.list",
        Effect.map(
          sql<Row>`${from} WHERE a.id > ${after ?? 0n} AND NOT a.remote ORDER BY a.id LIMIT ${limit}`,
          (rows) => rows.map(accountOf)
        )
      ),
    totals: operation("AccountStore.totals", totals)
  }
})
