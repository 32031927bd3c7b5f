/** What people keep: bookmarks, favourites and pins; and conversations that they do not want to hear of. */
import type { AccountId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import type { CursorQuery } from "@rookery/store/FollowStore"
import type { Kept } from "@rookery/store/KeptStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schema } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { invalid, notFound } from "../http/Errors.ts"
import * as Input from "../http/Input.ts"
import * as Links from "../http/Links.ts"
import { personal, type Route } from "../http/Route.ts"
import * as Invalidations from "../Invalidations.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "../read/Hydration.ts"
import { addressOf, changedAnswer, targetOf } from "./shared.ts"

const decodePage = Input.decoder(Schema.Struct(Input.Paging))

/** How often a page is filled up, at most, around what is gone or hidden. */
const refillsMax = 32

/** Whether a post has marks at all stands in every front's rendering of it. */
const changed = (deps: Deps, id: bigint) =>
  Effect.andThen(
    Effect.sync(() => deps.hydration.dropPost(id)),
    Invalidations.announce(deps, { _tag: "PostChanged", postIds: [String(id)] })
  )

const setBookmark = (deps: Deps, wanted: boolean) =>
  personal("POST", `/api/v1/statuses/:id/${wanted ? "bookmark" : "unbookmark"}`, "write:bookmarks", (request, me) =>
    Effect.gen(function*() {
      const target = yield* targetOf(deps, request)
      const { id } = target.rendered
      if (yield* deps.kept.setBookmark(me.id, id, wanted)) yield* changed(deps, id)
      return yield* changedAnswer(deps, me, target)
    }))

const setPin = (deps: Deps, wanted: boolean) =>
  personal("POST", `/api/v1/statuses/:id/${wanted ? "pin" : "unpin"}`, "write:accounts", (request, me) =>
    Effect.gen(function*() {
      const before = yield* targetOf(deps, request)
      const target = before.rendered.post
      if (target.author !== me.id) return yield* Effect.fail(invalid("Validation failed: Someone else's post cannot be pinned"))
      if (target.visibility !== "public" && target.visibility !== "unlisted") {
        return yield* Effect.fail(invalid("Validation failed: Posts that are only visible to some cannot be pinned"))
      }
      const result = yield* deps.kept.setPin(me.id, target.id, wanted)
      if (result === "NotFound") return yield* Effect.fail(notFound())
      if (result === "Full") {
        return yield* Effect.fail(invalid(`Validation failed: You have already pinned the maximum number of posts (${Limits.pinsMax})`))
      }
      yield* changed(deps, target.id)
      return yield* changedAnswer(deps, me, before)
    }))

/** Notifications of the conversation stay away from then on; fronts know by whom any is muted with whom they shun. */
const setMuted = (deps: Deps, wanted: boolean) =>
  personal("POST", `/api/v1/statuses/:id/${wanted ? "mute" : "unmute"}`, "write:mutes", (request, me) =>
    Effect.gen(function*() {
      const target = yield* targetOf(deps, request)
      const { id } = target.rendered
      if (!(yield* deps.kept.setConversationMuted(me.id, id, wanted))) return yield* Effect.fail(notFound())
      deps.shunned.drop(me.id)
      yield* Invalidations.announce(deps, { _tag: "RelationChanged", accountIds: [String(me.id)] })
      return yield* changedAnswer(deps, me, target)
    }))

type Read = (account: AccountId, query: CursorQuery) => Effect.Effect<ReadonlyArray<Kept>, StoreError>

interface Filled {
  readonly items: ReadonlyArray<Hydrated>
  readonly rows: ReadonlyArray<Kept>
}

/** A page of what can still be seen, up to the row at which it is full. */
const fill = (deps: Deps, me: Account, read: Read, query: CursorQuery, found: Filled, limit: number, round: number): Effect.Effect<Filled, StoreError> =>
  Effect.gen(function*() {
    const rows = yield* read(me.id, query)
    const visible = yield* deps.reader.visible(me, rows.map((row) => row.postId), "named")
    const items = [...found.items, ...visible].slice(0, limit)
    const last = items[limit - 1]?.rendered.id
    const end = rows.findIndex((row) => row.postId === last) + 1
    const all = [...found.rows, ...(end === 0 ? rows : rows.slice(0, end))]
    if (items.length >= limit || rows.length < query.limit || round >= refillsMax) return { items, rows: all }
    return yield* fill(deps, me, read, { ...query, before: rows[rows.length - 1]!.cursor }, { items, rows: all }, limit, round + 1)
  })

const list = (deps: Deps, name: "bookmarks" | "favourites", read: Read) =>
  personal("GET", `/api/v1/${name}`, `read:${name}`, (request, me) =>
    Effect.gen(function*() {
      const query = Input.cursorQuery(yield* decodePage(request.fields))
      const { items, rows } = yield* fill(deps, me, read, query, { items: [], rows: [] }, query.limit, 0)
      const bytes = yield* deps.reader.present(me, items)
      const cursors = items.length === 0 ? undefined : Links.cursorsOf(rows)
      return Answer.bytes(bytes, Links.page(addressOf(deps, request), request.rawQuery, cursors))
    }))

export const routes = (deps: Deps): ReadonlyArray<Route> => [
  setBookmark(deps, true),
  setBookmark(deps, false),
  setPin(deps, true),
  setPin(deps, false),
  setMuted(deps, true),
  setMuted(deps, false),
  list(deps, "bookmarks", deps.kept.bookmarks),
  list(deps, "favourites", deps.kept.favourites)
]
