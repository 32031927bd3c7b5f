/** Notifications in groups, as newer clients show them. */
import { groupable, type NotificationKind } from "@rookery/domain/Notification"
import type { NotificationGroup } from "@rookery/store/NotificationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Route } from "../http/Route.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Notices from "../read/Notices.ts"
import type * as AccountRendering from "../render/Account.ts"
import { countLimit, FilterFields, filterOf, kindsOf, pageOf } from "./notifications.ts"
import { accountList, addressOf } from "./shared.ts"

const accountsMax = 80

const decodePage = Input.decoder(Schema.Struct({
  ...FilterFields,
  ...Input.Paging,
  grouped_types: FilterFields.types,
  expand_accounts: Schema.optionalKey(Schema.NullOr(Schema.Literals(["full", "partial_avatars", ""])))
}))

const groupedOf = (types: string | ReadonlyArray<string> | null | undefined): ReadonlyArray<NotificationKind> =>
  types === undefined || types === null ? groupable : kindsOf(types).filter((kind) => groupable.includes(kind))

const entity = (group: NotificationGroup, withPage: boolean) => ({
  group_key: group.groupKey,
  notifications_count: group.count,
  type: group.kind,
  most_recent_notification_id: Number(group.newestId),
  ...(withPage
    ? {
      page_min_id: String(group.pageMinId),
      page_max_id: String(group.pageMaxId),
      latest_page_notification_at: new Date(group.pageNewestAt).toISOString()
    }
    : {}),
  sample_account_ids: group.sample.map(String),
  status_id: group.object === null ? null : String(group.object)
})

const partial = ({ acct, avatar, avatar_static, bot, id, locked, url }: ReturnType<typeof AccountRendering.entity>) =>
  ({ acct, avatar, avatar_static, bot, id, locked, url })

interface Results {
  readonly groups: ReadonlyArray<NotificationGroup>
  readonly body: string
}

/** The groups whose post can be shown, with everything that they name, each once. */
const results = (
  deps: Deps,
  me: Account,
  groups: ReadonlyArray<NotificationGroup>,
  options: { readonly withPage: boolean; readonly partial: boolean }
): Effect.Effect<Results, StoreError> =>
  Effect.gen(function*() {
    const statuses = yield* Notices.statuses(deps, me, groups.flatMap((group) => group.object ?? []))
    const shown = groups.filter((group) => group.object === null || statuses.has(group.object))
    const full = new Set(shown.flatMap((group) => options.partial ? group.sample.slice(0, 1) : group.sample))
    const rest = new Set(shown.flatMap((group) => group.sample).filter((id) => !full.has(id)))
    const fullList = yield* accountList(deps, [...full])
    const restList = yield* accountList(deps, [...rest])
    const body = {
      accounts: fullList,
      ...(options.partial ? { partial_accounts: restList.map(partial) } : {}),
      notification_groups: shown.map((group) => entity(group, options.withPage))
    }
    const texts = [...statuses.values()].map((status) => status.toString("utf8"))
    return { groups: shown, body: `${JSON.stringify(body).slice(0, -1)},"statuses":[${texts.join(",")}]}` }
  })

const list = (deps: Deps) => personal("GET", "/api/v2/notifications", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const input = yield* decodePage(request.fields)
    const bounds = pageOf(input)
    const found = yield* deps.notifications.groups(me.id, filterOf(input), bounds, groupedOf(input.grouped_types))
    const { body } = yield* results(deps, me, found, { withPage: true, partial: input.expand_accounts === "partial_avatars" })
    const [first, last] = [found[0]?.pageMaxId, found[found.length - 1]?.pageMinId]
    const cursors = first === undefined || last === undefined ? undefined : { first, last }
    return { status: 200, body, link: Links.page(addressOf(deps, request), request.rawQuery, cursors) }
  }))

const read = (deps: Deps) => personal("GET", "/api/v2/notifications/:key", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const group = yield* deps.notifications.group(me.id, request.params[0]!)
    const found = yield* results(deps, me, group === undefined ? [] : [group], { withPage: false, partial: false })
    return found.groups.length === 0 ? yield* Effect.fail(notFound()) : { status: 200, body: found.body }
  }))

/** The contract asks for a scope to write here; one to read is enough too. */
const accounts = (deps: Deps) => personal("GET", "/api/v2/notifications/:key/accounts", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const ids = yield* deps.notifications.groupAccounts(me.id, request.params[0]!, accountsMax)
    return ids.length === 0 ? yield* Effect.fail(notFound()) : Answer.json(yield* accountList(deps, ids))
  }))

const dismiss = (deps: Deps) => personal("POST", "/api/v2/notifications/:key/dismiss", "write:notifications", (request, me) =>
  Effect.as(deps.notifications.dismissGroup(me.id, request.params[0]!), Answer.json({})))

const unread = (deps: Deps) => personal("GET", "/api/v2/notifications/unread_count", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const input = yield* decodePage(request.fields)
    const limit = countLimit(input)
    const count = yield* deps.notifications.unreadGroups(me.id, filterOf(input), groupedOf(input.grouped_types), limit)
    return Answer.json({ count })
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [list(deps), unread(deps), read(deps), accounts(deps), dismiss(deps)]
