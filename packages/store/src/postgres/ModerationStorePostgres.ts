/** Moderation in Postgres. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Moderation from "@rookery/domain/Moderation"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { CursorQuery } from "../FollowStore.ts"
import type { LogEntry, ModeratedAccount, ModerationStore, NewReport, Report, SuspensionResult } from "../ModerationStore.ts"
import { taskKinds } from "./outboxTask.ts"
import { int8s, operation, storable } from "./statement.ts"

type Store = ModerationStore["Service"]

interface ReportRow extends Omit<Report, "category" | "createdAt" | "resolvedAt"> {
  readonly category: number
  readonly createdAt: Date
  readonly resolvedAt: Date | null
}

interface AccountRow extends Omit<ModeratedAccount, "openReports"> {
  readonly openReports: bigint
}

const idMax = 9_223_372_036_854_775_807n

const reportColumns = `
  r.id, r.reporter, r.target, r.category, r.comment, r.posts, r.created_at AS "createdAt", r.resolved_at AS "resolvedAt",
  r.resolved_by AS "resolvedBy"`

const accountColumns = `
  a.id, a.email, (SELECT count(*) FROM reports r WHERE r.target = a.id AND r.resolved_at IS NULL) AS "openReports"`

const reportOf = (row: ReportRow): Report => ({
  ...row,
  category: Moderation.categories[row.category]!,
  createdAt: row.createdAt.getTime(),
  resolvedAt: row.resolvedAt?.getTime() ?? null
})

const accountOf = (row: AccountRow): ModeratedAccount => ({ ...row, openReports: Number(row.openReports) })

const makeReports = (sql: SqlClient.SqlClient): Pick<Store, "report" | "reports" | "reportById" | "setResolved"> => {
  const columns = sql.literal(reportColumns)

  const report = ({ category, comment, posts, reporter, target }: NewReport) =>
    sql<ReportRow>`
      INSERT INTO reports AS r (reporter, target, category, comment, posts)
      SELECT ${reporter}, id, ${Moderation.categories.indexOf(category)}, ${storable(comment)}, ${int8s(posts)}
      FROM accounts WHERE id = ${target} AND ${Moderation.openReportsMax} > (
        SELECT count(*) FROM reports o WHERE o.reporter = ${reporter} AND o.resolved_at IS NULL
      )
      RETURNING ${columns}`

  const reports: Store["reports"] = ({ reporter, resolved, target }, query) =>
    operation(
      "ModerationStore.reports",
      Effect.map(
        sql<ReportRow>`
          SELECT ${columns} FROM reports r
          WHERE ${sql.literal(resolved ? "r.resolved_at IS NOT NULL" : "r.resolved_at IS NULL")}
            AND ${target === undefined ? sql`true` : sql`r.target = ${target}`}
            AND ${reporter === undefined ? sql`true` : sql`r.reporter = ${reporter}`} AND ${between(sql, "r.id", query)}`,
        (rows) => inOrder(query, rows.map(reportOf))
      )
    )

  const reportById = (id: bigint) =>
    Effect.map(sql<ReportRow>`SELECT ${columns} FROM reports r WHERE r.id = ${id}`, ([row]) => row && reportOf(row))

  const setResolved: Store["setResolved"] = (id, resolved, { by, reason }) =>
    operation(
      "ModerationStore.setResolved",
      sql`
        WITH changed AS (
          UPDATE reports SET resolved_at = CASE WHEN ${resolved} THEN now() END,
            resolved_by = CASE WHEN ${resolved} THEN ${by}::bigint END
          WHERE id = ${id} AND (resolved_at IS NULL) = ${resolved} RETURNING id, target
        )
        INSERT INTO moderation_log (actor, action, account, report, reason)
        SELECT ${by}::bigint, ${resolved ? "resolve" : "reopen"}, target, id, ${storable(reason)} FROM changed`.pipe(
        Effect.andThen(reportById(id))
      )
    )

  return {
    report: (input) =>
      operation("ModerationStore.report", Effect.map(report(input), ([row]) => row && reportOf(row))),
    reports,
    reportById: (id) => operation("ModerationStore.reportById", reportById(id)),
    setResolved
  }
}

/** A page by a cursor: right above `after`, else the newest. */
const between = (sql: SqlClient.SqlClient, column: string, { after, before, limit }: CursorQuery) => {
  const id = sql.literal(column)
  return sql`${id} < ${before ?? idMax} AND ${id} > ${after ?? 0n}
    ORDER BY ${id} ${sql.literal(after === undefined ? "DESC" : "ASC")} LIMIT ${limit}`
}

const inOrder = <A>({ after }: CursorQuery, rows: ReadonlyArray<A>): ReadonlyArray<A> =>
  after === undefined ? rows : rows.toReversed()

const makeSuspension = (sql: SqlClient.SqlClient): Store["setSuspended"] => (account, suspended, { by, reason }) =>
  operation(
    "ModerationStore.setSuspended",
    Effect.map(
      sql<{ changed: boolean }>`
        WITH changed AS (
          UPDATE accounts SET disabled_at = CASE WHEN ${suspended} THEN now() END
          WHERE id = ${account} AND NOT remote AND (disabled_at IS NULL) = ${suspended} RETURNING id
        ), author AS (
          UPDATE authors SET disabled = ${suspended} FROM changed WHERE account = changed.id
        ), logged AS (
          INSERT INTO moderation_log (actor, action, account, reason)
          SELECT ${by}::bigint, ${suspended ? "suspend" : "unsuspend"}, id, ${storable(reason)} FROM changed
        ), told AS (
          INSERT INTO outbox (owner, kind, payload, claimed_until)
          SELECT id, ${taskKinds.Account}, '{}', clock_timestamp() FROM changed
        )
        SELECT EXISTS (SELECT FROM changed) AS changed FROM accounts WHERE id = ${account}`,
      ([row]): SuspensionResult => row === undefined ? "NotFound" : row.changed ? "Changed" : "Same"
    )
  )

export const make = Effect.map(SqlClient.SqlClient, (sql): Store => {
  const columns = sql.literal(accountColumns)

  const accounts = (suspended: boolean | undefined, query: CursorQuery) =>
    sql<AccountRow>`
      SELECT ${columns} FROM accounts a
      WHERE ${sql.literal(suspended === undefined ? "true" : suspended ? "a.disabled_at IS NOT NULL" : "a.disabled_at IS NULL")}
        AND ${between(sql, "a.id", query)}`

  const log = (account: AccountId | undefined, query: CursorQuery) =>
    sql<Omit<LogEntry, "at" | "post"> & { readonly at: Date; readonly post: PostId | null }>`
      SELECT l.id, l.at, l.actor AS by, l.action, l.account, l.post_id AS post, l.report, l.reason FROM moderation_log l
      WHERE ${account === undefined ? sql`true` : sql`l.account = ${account}`} AND ${between(sql, "l.id", query)}`

  return {
    ...makeReports(sql),
    setSuspended: makeSuspension(sql),
    accounts: (suspended, query) =>
      operation("ModerationStore.accounts", Effect.map(accounts(suspended, query), (rows) => inOrder(query, rows.map(accountOf)))),
    account: (id) =>
      operation(
        "ModerationStore.account",
        Effect.map(sql<AccountRow>`SELECT ${columns} FROM accounts a WHERE a.id = ${id}`, ([row]) => row && accountOf(row))
      ),
    log: (account, query) =>
      operation(
        "ModerationStore.log",
        Effect.map(log(account, query), (rows) => inOrder(query, rows.map((row) => ({ ...row, at: row.at.getTime() }))))
      )
  }
})
