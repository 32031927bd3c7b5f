/** Whose notifications are held back, and what was held back. */
import { verdicts } from "@rookery/domain/Notification"
import type { NotificationPolicy, NotificationRequest, PolicySummary } from "@rookery/store/AudienceStore"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Notices from "../read/Notices.ts"
import * as AccountRendering from "../render/Account.ts"
import { noticeId, pageOf } from "./notifications.ts"
import { addressOf } from "./shared.ts"

const idsMax = 200

const Verdict = Schema.optionalKey(Schema.NullOr(Schema.Literals(verdicts)))
const decodePolicy = Input.decoder(Schema.Struct({
  for_not_following: Verdict,
  for_not_followers: Verdict,
  for_new_accounts: Verdict,
  for_private_mentions: Verdict,
  for_limited_accounts: Verdict
}))
const decodePage = Input.decoder(Schema.Struct(Input.Paging))
const decodeIds = Input.decoder(Schema.Struct({ id: Schema.optionalKey(Input.listOf(Input.Id, idsMax)) }))

const entity = (policy: PolicySummary) => ({
  for_not_following: policy.notFollowing,
  for_not_followers: policy.notFollowers,
  for_new_accounts: policy.newAccounts,
  for_private_mentions: policy.privateMentions,
  for_limited_accounts: policy.limitedAccounts,
  summary: { pending_requests_count: policy.pendingRequests, pending_notifications_count: policy.pendingNotifications }
})

const policy = (deps: Deps) => personal("GET", "/api/v2/notifications/policy", "read:notifications", (_, me) =>
  Effect.map(deps.audience.policy(me.id), (found) => Answer.json(entity(found))))

const setPolicy = (deps: Deps, method: "PUT" | "PATCH") =>
  personal(method, "/api/v2/notifications/policy", "write:notifications", (request, me) =>
    Effect.gen(function*() {
      const input = yield* decodePolicy(request.fields)
      const change = {
        notFollowing: input.for_not_following,
        notFollowers: input.for_not_followers,
        newAccounts: input.for_new_accounts,
        privateMentions: input.for_private_mentions,
        limitedAccounts: input.for_limited_accounts
      }
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined && value !== null)) as Partial<NotificationPolicy>
      return Answer.json(entity(yield* deps.audience.setPolicy(me.id, given)))
    }))

/** With the sender and the last post of each; without those whose sender is gone. */
const present = (deps: Deps, me: Account, requests: ReadonlyArray<NotificationRequest>) =>
  Effect.gen(function*() {
    const rows = yield* deps.accounts.byIds(requests.map((request) => request.from))
    const byId = new Map(rows.map((row) => [row.id, row]))
    const statuses = yield* Notices.statuses(deps, me, requests.flatMap((request) => request.lastPost ?? []))
    return requests.flatMap((request) => {
      const account = byId.get(request.from)
      const status = request.lastPost === null ? undefined : statuses.get(request.lastPost)
      return account === undefined ? [] : [{
        id: String(request.id),
        created_at: new Date(request.createdAt).toISOString(),
        updated_at: new Date(request.updatedAt).toISOString(),
        notifications_count: String(request.notifications),
        account: AccountRendering.entity(account, deps.settings),
        last_status: status === undefined ? null : JSON.parse(status.toString("utf8"))
      }]
    })
  })

const list = (deps: Deps) => personal("GET", "/api/v1/notifications/requests", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const found = yield* deps.audience.requests(me.id, pageOf(yield* decodePage(request.fields)))
    const [first, last] = [found[0]?.id, found[found.length - 1]?.id]
    const cursors = first === undefined || last === undefined ? undefined : { first, last }
    const link = Links.page(addressOf(deps, request), request.rawQuery, cursors)
    return { ...Answer.json(yield* present(deps, me, found)), link }
  }))

const read = (deps: Deps) => personal("GET", "/api/v1/notifications/requests/:id", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const found = yield* deps.audience.request(me.id, yield* noticeId(request.params[0]!))
    const [shown] = found === undefined ? [] : yield* present(deps, me, [found])
    return shown === undefined ? yield* Effect.fail(notFound()) : Answer.json(shown)
  }))

type Settle = (deps: Deps) => Deps["audience"]["acceptRequests"]

const settleOne = (deps: Deps, verb: "accept" | "dismiss", settle: Settle) =>
  personal("POST", `/api/v1/notifications/requests/:id/${verb}`, "write:notifications", (request, me) =>
    Effect.gen(function*() {
      const count = yield* settle(deps)(me.id, [yield* noticeId(request.params[0]!)])
      return count === 0 ? yield* Effect.fail(notFound()) : Answer.json({})
    }))

const settleMany = (deps: Deps, verb: "accept" | "dismiss", settle: Settle) =>
  personal("POST", `/api/v1/notifications/requests/${verb}`, "write:notifications", (request, me) =>
    Effect.gen(function*() {
      const { id } = yield* decodeIds(request.fields)
      yield* settle(deps)(me.id, Input.asList<bigint>(id))
      return Answer.json({})
    }))

/** What was held back is shown in the same step as it is accepted: nothing is ever left to be merged. */
const merged = personal("GET", "/api/v1/notifications/requests/merged", "read:notifications", () =>
  Effect.succeed(Answer.json({ merged: true })))

const accept: Settle = ({ audience }) => audience.acceptRequests
const dismiss: Settle = ({ audience }) => audience.dismissRequests

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  policy(deps),
  setPolicy(deps, "PUT"),
  setPolicy(deps, "PATCH"),
  list(deps),
  merged,
  read(deps),
  settleOne(deps, "accept", accept),
  settleOne(deps, "dismiss", dismiss),
  settleMany(deps, "accept", accept),
  settleMany(deps, "dismiss", dismiss)
]
