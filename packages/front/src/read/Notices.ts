/** Notifications as clients see them: each with its sender and, where there is one, the post as the viewer may see it. */
import type { PageQuery } from "@rookery/domain/TimelinePage"
import type { NotificationFilter, NotificationRow, NotificationStore } from "@rookery/store/NotificationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import * as Json from "../render/JsonBytes.ts"
import type { Hydration } from "./Hydration.ts"
import type { Reader } from "./Reader.ts"
import type { RenderedAccount } from "./RenderedAccounts.ts"

export interface NoticeDeps {
  readonly hydration: Hydration
  readonly reader: Reader
}

/** A notification that can be shown. */
export interface Notice {
  readonly row: NotificationRow
  readonly from: RenderedAccount
  /** A whole `Status`. */
  readonly status: Buffer | undefined
}

/** The posts of `ids` that the viewer may see, as their JSON. */
export const statuses = (
  deps: NoticeDeps,
  viewer: Account,
  ids: ReadonlyArray<bigint>
): Effect.Effect<ReadonlyMap<bigint, Buffer>, StoreError> => {
  if (ids.length === 0) return Effect.succeed(new Map())
  const seen = Effect.flatMap(deps.reader.visible(viewer, [...new Set(ids)], "named"), (items) =>
    Effect.forEach(items, (item) =>
      Effect.map(deps.reader.presentOne(viewer, item), (json) => [item.rendered.id as bigint, json] as const), {
      concurrency: "unbounded" // they wait for one query of marks together
    }))
  return Effect.map(seen, (entries) => new Map(entries))
}

/** Those of `rows` that can be shown, in order: a notification without its sender or its post is none. */
export const show = (
  deps: NoticeDeps,
  viewer: Account,
  rows: ReadonlyArray<NotificationRow>
): Effect.Effect<ReadonlyArray<Notice>, StoreError> =>
  Effect.gen(function*() {
    const senders = yield* deps.hydration.accounts(rows.map((row) => row.fromNo))
    const posts = yield* statuses(deps, viewer, rows.flatMap((row) => row.object ?? []))
    return rows.flatMap((row, i): ReadonlyArray<Notice> => {
      const from = senders[i]
      const status = row.object === null ? undefined : posts.get(row.object)
      return from === undefined || from.row.disabledAt !== null || (row.object !== null && status === undefined) ? [] : [{ row, from, status }]
    })
  })

/** The `Notification` entity. */
export const json = ({ from, row, status }: Notice): string => {
  const own = JSON.stringify({
    id: String(row.id),
    type: row.kind,
    created_at: new Date(row.createdAt).toISOString(),
    group_key: row.groupKey
  })
  return `${own.slice(0, -1)},"account":${Json.textOf(from.json)},"status":${status?.toString("utf8") ?? "null"}}`
}

/** How often a page is filled up at most. */
const refillsMax = 64

/** A page of a person's notifications, filled up where some cannot be shown; short only at the true end. */
export const page = (
  deps: NoticeDeps & { readonly notifications: NotificationStore["Service"] },
  viewer: Account,
  filter: NotificationFilter,
  query: PageQuery
): Effect.Effect<ReadonlyArray<Notice>, StoreError> => {
  const upwards = query.minId > 0n
  const fill = (asked: PageQuery, found: ReadonlyArray<Notice>, round: number): Effect.Effect<ReadonlyArray<Notice>, StoreError> =>
    Effect.gen(function*() {
      const rows = yield* deps.notifications.page(viewer.id, filter, asked)
      const shown = yield* show(deps, viewer, rows)
      const all = upwards ? [...shown, ...found] : [...found, ...shown]
      if (rows.length < asked.limit || all.length >= query.limit || round >= refillsMax) return all
      const next = upwards ? { ...asked, minId: rows[0]!.id } : { ...asked, maxId: rows[rows.length - 1]!.id }
      return yield* fill(next, all, round + 1)
    })
  return Effect.map(fill(query, [], 0), (all) => upwards ? all.slice(-query.limit) : all.slice(0, query.limit))
}
