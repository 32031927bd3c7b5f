/** Reports, and the log of what was done, as moderators see them: Rookery's own. */
import { AccountId } from "@rookery/domain/Ids"
import type { LogEntry, Report } from "@rookery/store/ModerationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import type { Request, Route } from "../http/Route.ts"
import * as Account from "../render/Account.ts"
import { actOf, administrative, reasonField } from "./adminAccess.ts"
import { noticeId as numberIn } from "./notifications.ts"
import * as Reports from "./reports.ts"
import { addressOf } from "./shared.ts"

const Filter = { account_id: Input.MaybeId, target_account_id: Input.MaybeId, resolved: Schema.optionalKey(Input.Flag) }
const decodeFilter = Input.decoder(Schema.Struct({ ...Filter, ...Input.Paging }))

const accountIn = (value: bigint | "" | null | undefined): AccountId | undefined => {
  const id = Input.idOf(value)
  return id === undefined ? undefined : AccountId.make(id)
}

/** Of a page that is ordered by its rows' ids. */
export const linkOf = (deps: Deps, request: Request, rows: ReadonlyArray<{ readonly id: bigint }>) =>
  Links.page(addressOf(deps, request), request.rawQuery, Links.cursorsOf(rows.map(({ id }) => ({ cursor: id }))))

/** Accounts by id, whole, and posts by id, whoever may see them: they are what was reported. */
const evidenceOf = (deps: Deps, reports: ReadonlyArray<Report>) =>
  Effect.gen(function*() {
    const people = new Set(reports.flatMap(({ reporter, target }) => reporter === null ? [target] : [reporter, target]))
    const rows = people.size === 0 ? [] : yield* deps.accounts.byIds([...people])
    const items = yield* deps.hydration.posts([...new Set(reports.flatMap((report) => report.posts))])
    const present = yield* deps.reader.present(undefined, items.filter((item) => item !== undefined))
    const statuses: ReadonlyArray<{ readonly id: string }> = JSON.parse(present.toString("utf8"))
    return {
      accounts: new Map(rows.map((row) => [row.id, Account.whole(row, deps.settings)])),
      statuses: new Map(statuses.map((status) => [status.id, status]))
    }
  })

const entities = (deps: Deps, reports: ReadonlyArray<Report>): Effect.Effect<ReadonlyArray<unknown>, StoreError> =>
  Effect.map(evidenceOf(deps, reports), ({ accounts, statuses }) =>
    reports.map((report) => ({
      ...Reports.entity(report),
      account: (report.reporter === null ? undefined : accounts.get(report.reporter)) ?? null,
      target_account: accounts.get(report.target) ?? null,
      statuses: report.posts.flatMap((id) => statuses.get(String(id)) ?? []),
      resolved_by: report.resolvedBy === null ? null : String(report.resolvedBy)
    })))

const answer = "A `Report` with the `account` that made it (null when it is gone), `target_account`, `statuses` (those that are not deleted) and `resolved_by`"

const list = (deps: Deps) =>
  administrative(deps, "GET", "reports", "admin:read:reports", {
    summary: "Reports, newest first",
    fields: {
      resolved: "Those that are resolved instead of those that are open",
      account_id: "Only those that this account made",
      target_account_id: "Only those about this account",
      max_id: "Only those below this id; `since_id`, `min_id` and `limit` page as everywhere"
    },
    answer: `A list. Each: ${answer}`
  }, (request) =>
    Effect.gen(function*() {
      const { account_id, resolved = false, target_account_id, ...paging } = yield* decodeFilter(request.fields)
      const filter = { resolved, reporter: accountIn(account_id), target: accountIn(target_account_id) }
      const reports = yield* deps.moderation.reports(filter, Input.cursorQuery(paging))
      return { ...Answer.json(yield* entities(deps, reports)), link: linkOf(deps, request, reports) }
    }))

const shown = (deps: Deps, report: Report | undefined): Effect.Effect<Answer.Answer, ApiError | StoreError> =>
  report === undefined ? Effect.fail(notFound()) : Effect.map(entities(deps, [report]), ([one]) => Answer.json(one))

const read = (deps: Deps) =>
  administrative(deps, "GET", "reports/:id", "admin:read:reports", { summary: "One report", answer }, (request) =>
    Effect.flatMap(numberIn(request.params[0]!), (id) =>
      Effect.flatMap(deps.moderation.reportById(id), (report) => shown(deps, report))))

const settle = (deps: Deps, verb: "resolve" | "reopen") =>
  administrative(deps, "POST", `reports/:id/${verb}`, "admin:write:reports", {
    summary: verb === "resolve" ? "Put a report away" : "Take a report up again",
    fields: reasonField,
    answer
  }, (request, me) =>
    Effect.gen(function*() {
      const id = yield* numberIn(request.params[0]!)
      return yield* shown(deps, yield* deps.moderation.setResolved(id, verb === "resolve", yield* actOf(request, me)))
    }))

const logEntity = (entry: LogEntry) => ({
  id: String(entry.id),
  at: new Date(entry.at).toISOString(),
  by: entry.by === null ? null : String(entry.by),
  action: entry.action,
  account_id: String(entry.account),
  post_id: entry.post === null ? null : String(entry.post),
  report_id: entry.report === null ? null : String(entry.report),
  reason: entry.reason
})

const log = (deps: Deps) =>
  administrative(deps, "GET", "log", "admin:read", {
    summary: "What moderators and operators did, newest first",
    fields: { account_id: "Only what concerns this account", max_id: "Only entries below this id; `since_id`, `min_id` and `limit` page as everywhere" },
    answer: "A list of `{id, at, by, action, account_id, post_id, report_id, reason}`; `by` is null for an operator at the terminal"
  }, (request) =>
    Effect.gen(function*() {
      const { account_id, ...paging } = yield* decodeFilter(request.fields)
      const entries = yield* deps.moderation.log(accountIn(account_id), Input.cursorQuery(paging))
      return { ...Answer.json(entries.map(logEntity)), link: linkOf(deps, request, entries) }
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  list(deps),
  read(deps),
  settle(deps, "resolve"),
  settle(deps, "reopen"),
  log(deps)
]
