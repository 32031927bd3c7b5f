/** Step one of reading a topic: ids from the shard that keeps it. What waits for one shard travels in one message. */
import type { PageQuery } from "@rookery/domain/TimelinePage"
import * as Topics from "@rookery/domain/Topics"
import * as Coalescer from "@rookery/protocol/Coalescer"
import type { ShardDirectory } from "@rookery/protocol/ShardDirectory"
import type { TopicQuery } from "@rookery/protocol/TimelineShard"
import { Effect } from "effect"
import type { ActorCalls } from "../ActorCalls.ts"
import { type ApiError, unavailable } from "../http/Errors.ts"

export interface TopicReads {
  /** Newest first; shorter than `limit` only at the true end. */
  readonly page: (topic: string, query: PageQuery) => Effect.Effect<ReadonlyArray<bigint>, ApiError>
}

const inFlightMax = 2
const batchMax = 64
const waitingMax = 4_096

export const make = (calls: ActorCalls, directory: ShardDirectory): Effect.Effect<TopicReads> =>
  Effect.map(
    Coalescer.make<number, TopicQuery, ReadonlyArray<bigint> | null, ApiError>({
      inFlightMax,
      batchMax,
      waitingMax,
      full: () => unavailable(),
      send: calls.readTopics
    }),
    (reads) => ({
      page: (topic, { limit, maxId, minId, sinceId }) =>
        Effect.flatMap(
          reads.request(Topics.shardOf(topic, directory.shardCount), { topic, maxId: maxId ?? null, sinceId, minId, limit }),
          (ids) => ids === null ? Effect.fail(unavailable()) : Effect.succeed(ids)
        )
    })
  )
