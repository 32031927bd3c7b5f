/** Notifications one by one. */
import { type NotificationKind, kinds as allKinds } from "@rookery/domain/Notification"
import * as Snowflake from "@rookery/domain/Snowflake"
import { AccountId } from "@rookery/domain/Ids"
import type { NotificationFilter } from "@rookery/store/NotificationStore"
import { Effect, Exit, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { type ApiError, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Route } from "../http/Route.ts"
import * as Notices from "../read/Notices.ts"
import { addressOf } from "./shared.ts"

const pageDefault = 40
const pageMost = 80
const countDefault = 100
const countMost = 1_000
const typesMax = 64

const Types = Schema.optionalKey(Schema.NullOr(Input.listOf(Input.Text, typesMax)))

/** Parameters by which notifications are chosen; types that are not known choose nothing. */
export const FilterFields = {
  types: Types,
  exclude_types: Types,
  account_id: Input.MaybeId,
  include_filtered: Schema.optionalKey(Input.Flag)
}

type FilterInput = Schema.Struct.Type<typeof FilterFields>

const listed = (value: string | ReadonlyArray<string> | null | undefined): ReadonlyArray<string> =>
  Input.asList<string>(value ?? undefined)

/** Kinds of the contract that are known here, among those named. */
export const kindsOf = (value: string | ReadonlyArray<string> | null | undefined): ReadonlyArray<NotificationKind> =>
  allKinds.filter((kind) => listed(value).includes(kind))

export const filterOf = (input: FilterInput): NotificationFilter => {
  const excluded = listed(input.exclude_types)
  const wanted = listed(input.types).length === 0 ? allKinds : kindsOf(input.types)
  const from = Input.idOf(input.account_id)
  return {
    kinds: wanted.filter((kind) => !excluded.includes(kind)),
    from: from === undefined ? undefined : AccountId.make(from),
    includeFiltered: input.include_filtered ?? false
  }
}

const decodePage = Input.decoder(Schema.Struct({ ...FilterFields, ...Input.Paging }))
export const pageOf = (input: Parameters<typeof Input.pageBounds>[0]) => Input.pageBounds(input, pageDefault, pageMost)
export const countLimit = (input: Parameters<typeof Input.pageBounds>[0]) =>
  Input.pageBounds(input, countDefault, countMost).limit

/** The id in a path; whatever is no id names nothing. */
export const noticeId = (text: string): Exit.Exit<bigint, ApiError> => {
  const id = Snowflake.parse(text)
  return id === undefined ? Exit.fail(notFound()) : Exit.succeed(id)
}

const list = (deps: Deps) => personal("GET", "/api/v1/notifications", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const input = yield* decodePage(request.fields)
    const notices = yield* Notices.page(deps, me, filterOf(input), pageOf(input))
    const [first, last] = [notices[0]?.row.id, notices[notices.length - 1]?.row.id]
    const cursors = first === undefined || last === undefined ? undefined : { first, last }
    return {
      status: 200,
      body: `[${notices.map(Notices.json).join(",")}]`,
      link: Links.page(addressOf(deps, request), request.rawQuery, cursors)
    }
  }))

const read = (deps: Deps) => personal("GET", "/api/v1/notifications/:id", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const row = yield* deps.notifications.one(me.id, yield* noticeId(request.params[0]!))
    const [notice] = row === undefined ? [] : yield* Notices.show(deps, me, [row])
    return notice === undefined ? yield* Effect.fail(notFound()) : { status: 200, body: Notices.json(notice) }
  }))

const dismiss = (deps: Deps) => personal("POST", "/api/v1/notifications/:id/dismiss", "write:notifications", (request, me) =>
  Effect.gen(function*() {
    const done = yield* deps.notifications.dismiss(me.id, yield* noticeId(request.params[0]!))
    return done ? Answer.json({}) : yield* Effect.fail(notFound())
  }))

const clear = (deps: Deps) => personal("POST", "/api/v1/notifications/clear", "write:notifications", (_, me) =>
  Effect.as(deps.notifications.clear(me.id), Answer.json({})))

const unread = (deps: Deps) => personal("GET", "/api/v1/notifications/unread_count", "read:notifications", (request, me) =>
  Effect.gen(function*() {
    const input = yield* decodePage(request.fields)
    return Answer.json({ count: yield* deps.notifications.unread(me.id, filterOf(input), countLimit(input)) })
  }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [list(deps), read(deps), dismiss(deps), clear(deps), unread(deps)]
