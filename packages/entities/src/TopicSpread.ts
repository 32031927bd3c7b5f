/** Brings posts to the topics they stand in: the rings of the topics' shards, and, as a hint, the fronts' streams. */
import type { Bus } from "@rookery/bus/Bus"
import type { Post } from "@rookery/domain/Post"
import * as Topics from "@rookery/domain/Topics"
import type { ShardDirectory } from "@rookery/protocol/ShardDirectory"
import * as Coalescer from "@rookery/protocol/Coalescer"
import { Effect } from "effect"
import * as Hints from "./Hints.ts"
import type { Actors } from "./Runner.ts"
import * as TopicRings from "./TopicRings.ts"

/** One post for one shard. */
interface Delivery {
  readonly postId: bigint
  readonly topics: ReadonlyArray<string>
}

const batchMax = 256
const waitingMax = 65_536

export interface TopicSpread {
  /** Ends when every shard of the topics has the post. Repeats are harmless. */
  readonly toRings: (postId: bigint, topics: ReadonlyArray<string>) => Effect.Effect<void, unknown>
  /** Tells the streams that the post is there. */
  readonly toStreams: (post: Post) => Effect.Effect<void>
}

/** `ringsHere` has those of a shard that this runner holds: they take posts without a message. */
export const make = (
  actors: Pick<Actors, "timelineShard">,
  directory: ShardDirectory,
  bus: Bus["Service"],
  timeoutMillis: number,
  ringsHere: (shard: number) => TopicRings.TopicRings | undefined
): Effect.Effect<TopicSpread> =>
  Effect.map(
    Coalescer.make<number, Delivery, void, unknown>({
      inFlightMax: 1,
      batchMax,
      waitingMax,
      full: () => new Error("too many posts wait for the shard of a topic"),
      send: (shard, posts) =>
        actors.timelineShard(directory.timelineShardId(shard)).TopicPosts({ posts }).pipe(
          Effect.timeout(timeoutMillis),
          Effect.as(posts.map(() => undefined))
        )
    }),
    (shards) => ({
      toRings: (postId, topics) =>
        Effect.suspend(() => {
          const byShard = new Map<number, Array<string>>()
          for (const topic of topics) {
            const shard = Topics.shardOf(topic, directory.shardCount)
            byShard.set(shard, [...(byShard.get(shard) ?? []), topic])
          }
          const send = ([shard, own]: readonly [number, ReadonlyArray<string>]): Effect.Effect<void, unknown> => {
            const rings = ringsHere(shard)
            return rings === undefined
              ? shards.request(shard, { postId, topics: own })
              : Effect.sync(() => TopicRings.publish(rings, own, postId))
          }
          return Effect.forEach(byShard, send, { concurrency: "unbounded", discard: true })
        }),
      toStreams: (post) => Hints.topicEvent(bus, "update", post)
    })
  )
