/** What viewers did with posts, asked for many viewers in one query, and not at all where no post has a like or repost. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Coalescer from "@rookery/protocol/Coalescer"
import type { PostStore } from "@rookery/store/PostStore"
import { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated } from "./Hydration.ts"
import * as Shunned from "./Shunned.ts"

export interface PostMarks {
  readonly liked: boolean
  readonly reposted: boolean
  readonly bookmarked: boolean
  /** Only the author has this mark. */
  readonly pinned: boolean
  /** The conversation that the post is part of. */
  readonly muted: boolean
}

export type ViewerMarks = ReadonlyMap<bigint, PostMarks>

export interface Marks {
  readonly of: (viewer: Account | undefined, items: ReadonlyArray<Hydrated>) => Effect.Effect<ViewerMarks, StoreError>
}

interface Ask {
  readonly viewer: AccountId
  readonly postIds: ReadonlyArray<PostId>
}

/** Posts in one ask, and asks in one query: together within what the store takes. */
const postsMax = 40
const asksMax = 50

const none: ViewerMarks = new Map()

export const make = (posts: PostStore["Service"], shunned: Pick<Shunned.Shunned, "of">): Effect.Effect<Marks> =>
  Effect.map(
    Coalescer.make<"marks", Ask, ViewerMarks, StoreError>({
      inFlightMax: 2,
      batchMax: asksMax,
      waitingMax: 8_192,
      gather: true,
      full: () => new StoreError({ operation: "marks", cause: new Error("too many reads wait") }),
      send: (_, asks) => load(posts, asks)
    }),
    (asks) => ({
      of: (viewer, items) => {
        if (viewer === undefined) return Effect.succeed(none)
        return Effect.flatMap(shunned.of(viewer, () => [viewer.no]), (bits) => {
          const postIds = Shunned.mutesSome(bits, viewer) ? idsOf(items) : withCounts(items)
          const withPins = (marks: ViewerMarks) => addPins(viewer, items, marks)
          if (postIds.length === 0) return Effect.succeed(withPins(none))
          if (postIds.length <= postsMax) return Effect.map(asks.request("marks", { viewer: viewer.id, postIds }), withPins)
          const parts = chunks(postIds, postsMax).map((part) => asks.request("marks", { viewer: viewer.id, postIds: part }))
          return Effect.map(Effect.all(parts, { concurrency: 4 }), (found) =>
            withPins(new Map(found.flatMap((marks) => [...marks]))))
        })
      }
    })
  )

/** Of those whose marks are meant. */
const idsOf = (items: ReadonlyArray<Hydrated>): Array<PostId> => items.map((item) => (item.inner ?? item).rendered.id)

/** A mark raises a count of its post, so a post without counts has none. Marks of a wrapper are those of what it wraps. */
const withCounts = (items: ReadonlyArray<Hydrated>): Array<PostId> => {
  const ids: Array<PostId> = []
  for (const item of items) {
    const { rendered } = item.inner ?? item
    if (rendered.isMarked) ids.push(rendered.id)
  }
  return ids
}

const unmarked: PostMarks = { liked: false, reposted: false, bookmarked: false, pinned: false, muted: false }

/** That a post is pinned is known with the post; its author is told. */
const addPins = (viewer: Account, items: ReadonlyArray<Hydrated>, marks: ViewerMarks): ViewerMarks => {
  let all: Map<bigint, PostMarks> | undefined
  for (const item of items) {
    const { author, rendered } = item.inner ?? item
    if (!rendered.pinned || author.row.id !== viewer.id) continue
    all ??= new Map(marks)
    all.set(rendered.id, { ...(all.get(rendered.id) ?? unmarked), pinned: true })
  }
  return all ?? marks
}

const load = (posts: PostStore["Service"], asks: ReadonlyArray<Ask>) => {
  const pairs = asks.flatMap(({ postIds, viewer }) => postIds.map((postId) => ({ viewer, postId })))
  return Effect.map(posts.marks(pairs), (marks) => {
    const byViewer = new Map<AccountId, Map<bigint, PostMarks>>()
    for (const { bookmarked, liked, muted, postId, reposted, viewer } of marks) {
      const own = byViewer.get(viewer) ?? new Map<bigint, PostMarks>()
      own.set(postId, { liked, reposted, bookmarked, pinned: false, muted })
      byViewer.set(viewer, own)
    }
    return asks.map(({ viewer }) => byViewer.get(viewer) ?? none)
  })
}

const chunks = <A>(items: ReadonlyArray<A>, size: number): Array<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
