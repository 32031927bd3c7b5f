/** The four steps of a read, put together: skeleton, hydration, rules, presentation. */
import type { Place } from "@rookery/domain/Sight"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import { type ApiError, notFound, unavailable } from "../http/Errors.ts"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated, Hydration } from "./Hydration.ts"
import type { Marks } from "./Marks.ts"
import * as Presentation from "./Presentation.ts"
import * as Rules from "./Rules.ts"

export interface Reader {
  /** Those of `ids` that the viewer is shown at this place (`offered` unless said), in order. */
  readonly visible: (viewer: Account | undefined, ids: ReadonlyArray<bigint>, place?: Place) => Effect.Effect<Array<Hydrated>, StoreError>
  /** Fails with 404 for what is gone and for what the viewer may not see, alike; with 503 for what its owner cannot be asked for now, whatever it is. */
  readonly one: (viewer: Account | undefined, id: bigint) => Effect.Effect<Hydrated, ApiError | StoreError>
  readonly present: (viewer: Account | undefined, items: ReadonlyArray<Hydrated>) => Effect.Effect<Buffer, StoreError>
  readonly presentOne: (viewer: Account | undefined, item: Hydrated) => Effect.Effect<Buffer, StoreError>
  readonly page: <E>(
    viewer: Account | undefined,
    query: PageQuery,
    skeleton: SkeletonRead<E>,
    place?: Place,
    /** What belongs on the page of what is visible; all of it unless said. */
    belongs?: (item: Hydrated) => boolean
  ) => Effect.Effect<Page, E | StoreError>
}

/** Ids of a page, newest first; shorter than `limit` only at the true end. */
export type SkeletonRead<E> = (query: PageQuery) => Effect.Effect<ReadonlyArray<bigint>, E>

export interface Page {
  readonly items: ReadonlyArray<Hydrated>
  /** Ids between which the page lies, both included; undefined when it is empty. */
  readonly cursors: { readonly first: bigint; readonly last: bigint } | undefined
}

/** How often a page is filled up at most, and how much is then asked for at once: 6,400 gaps in a row. */
const refillsMax = 64
const refillLimit = 100

/** Makes the reader of a front. */
export const make = (hydration: Hydration, marks: Marks, relations: Rules.Relations): Reader => {
  const visible = (viewer: Account | undefined, ids: ReadonlyArray<bigint>, place: Place = "offered") =>
    Effect.flatMap(hydration.posts(ids), (items) => Rules.visible(relations, viewer, items, place))

  /**
   * What was deleted or may not be seen leaves gaps, which are filled from beyond the last id read, until the
   * page is full or the timeline ends.
   */
  const fill = <E>(
    viewer: Account | undefined,
    skeleton: SkeletonRead<E>,
    place: Place,
    belongs: (item: Hydrated) => boolean,
    limit: number,
    query: PageQuery,
    found: ReadonlyArray<Hydrated>,
    round: number
  ): Effect.Effect<ReadonlyArray<Hydrated>, E | StoreError> =>
    Effect.flatMap(skeleton(query), (ids) =>
      Effect.flatMap(visible(viewer, ids, place), (seen) => {
        const items = seen.filter(belongs)
        const all = found.length === 0 ? items : query.minId > 0n ? [...items, ...found] : [...found, ...items]
        const isEnd = ids.length < query.limit
        if (isEnd || all.length >= limit || round >= refillsMax) return Effect.succeed(all)
        return fill(viewer, skeleton, place, belongs, limit, beyond(query, ids), all, round + 1)
      }))

  return {
    visible,
    one: (viewer, id) =>
      Effect.flatMap(visible(viewer, [id], "named"), ([item]) => item === undefined ? Effect.fail(hydration.isAbsent(id) ? away : notFound()) : Effect.succeed(item)),
    present: (viewer, items) => Effect.map(marks.of(viewer, items), (own) => Presentation.list(items, own)),
    presentOne: (viewer, item) => Effect.map(marks.of(viewer, [item]), (own) => Presentation.one(item, own)),
    page: (viewer, query, skeleton, place = "offered", belongs = always) =>
      Effect.map(fill(viewer, skeleton, place, belongs, query.limit, query, [], 0), (items) => cut(items, query))
  }
}

const away = unavailable("The datacenter of this post cannot be reached at the moment, try again shortly", 1)

const always = (): boolean => true

/** Continues a query past the ids that it answered. */
const beyond = (query: PageQuery, ids: ReadonlyArray<bigint>): PageQuery =>
  query.minId > 0n
    ? { ...query, minId: ids[0]!, limit: refillLimit }
    : { ...query, maxId: ids[ids.length - 1]!, limit: refillLimit }

/** The page that was asked for: right above `minId`, else the newest. */
const cut = (items: ReadonlyArray<Hydrated>, query: PageQuery): Page => {
  const kept = query.minId > 0n ? items.slice(Math.max(0, items.length - query.limit)) : items.slice(0, query.limit)
  const first = kept[0]?.rendered.id
  const last = kept[kept.length - 1]?.rendered.id
  return { items: kept, cursors: first === undefined || last === undefined ? undefined : { first, last } }
}
