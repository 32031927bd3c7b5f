/**
 * The group commit of all likes of a runner: likes that come together are one transaction, whichever posts they are of.
 * A post's own group would make a hot post cheap and thousands of others dear.
 */
import { Bus } from "@rookery/bus/Bus"
import type { PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import { type LikeChange, PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import * as GroupCommit from "./GroupCommit.ts"
import * as Hints from "./Hints.ts"

/** Likes in one transaction at most. */
const groupMax = 512

/** How long the first like of a group waits for others, in milliseconds. */
const gatherMillis = 2

export interface LikeGroup {
  /** The post with its new count, once it is durable; undefined when the post is gone. */
  readonly setLike: (change: LikeChange) => Effect.Effect<Post | undefined, unknown>
}

/** `onCommit` runs after every write. */
export const make = (onCommit: () => void) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const bus = yield* Bus

    const write = (changes: ReadonlyArray<LikeChange>): Effect.Effect<ReadonlyArray<Post | undefined>, unknown> =>
      Effect.gen(function*() {
        const counts = yield* posts.setLikes(changes)
        onCommit()
        const ids: ReadonlyArray<PostId> = [...counts.keys()]
        if (ids.length === 0) return changes.map(() => undefined)
        const byId = new Map((yield* posts.byIds(ids)).map((post) => [post.id, post]))
        yield* Hints.postsChanged(bus, ids)
        return changes.map(({ postId }) => byId.get(postId))
      })

    const group = yield* GroupCommit.make(write, groupMax, gatherMillis)
    return { setLike: group.commit } satisfies LikeGroup
  })
