/**
 * Every message that a front sends to an actor: with a timeout, and with retries of what may be sent again. A
 * write is repeated under the same request key, so that it happens once.
 */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { MediaEdit } from "@rookery/domain/Media"
import type { Post, PostDraft } from "@rookery/domain/Post"
import * as Metrics from "@rookery/observe/Metrics"
import * as Outages from "@rookery/observe/Outages"
import { Author } from "@rookery/protocol/Author"
import type { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import { PostOwner } from "@rookery/protocol/PostOwner"
import { repeating } from "@rookery/protocol/repeating"
import { Session } from "@rookery/protocol/Session"
import type { ShardDirectory } from "@rookery/protocol/ShardDirectory"
import { TimelineShard, type TopicQuery } from "@rookery/protocol/TimelineShard"
import { type FollowFlags, UserTimeline } from "@rookery/protocol/UserTimeline"
import { Duration, Effect, Schedule, type Stream } from "effect"
import type { ClusterError, Sharding } from "effect/cluster"
import { type ApiError, invalid, notFound, unavailable } from "./http/Errors.ts"

/** What the cluster answers when it could not hand a message over. */
export type Refusal =
  | ClusterError.MailboxFull
  | ClusterError.AlreadyProcessingMessage
  | ClusterError.PersistenceError
  | ClusterError.EntityNotAssignedToRunner

type CallError = Refusal | Unavailable | NotFound | Refused

/** While Postgres is away no actor can do what it could not a moment ago. */
const isRetryable = (error: CallError): boolean => {
  if (error._tag === "NotFound" || error._tag === "Refused" || Outages.isAway("Postgres")) return false
  Metrics.retries.at(error._tag).value++
  return true
}

/** 20, 40, 80 … 640 ms with jitter, until the timeout around it ends it. */
const backoff = Schedule.exponential(20).pipe(
  Schedule.modifyDelay(({ duration }) => Effect.succeed(Duration.min(duration, Duration.millis(640)))),
  Schedule.jittered
)

const answerOf = (error: CallError): ApiError =>
  error._tag === "NotFound" ? notFound() : error._tag === "Refused" ? invalid(error.reason) : unavailable()

const bounded = (millis: number) => <A>(call: Effect.Effect<A, CallError>): Effect.Effect<A, ApiError> =>
  call.pipe(
    Effect.retry({ while: isRetryable, schedule: backoff }),
    Effect.mapError(answerOf),
    Effect.timeoutOrElse({ duration: millis, orElse: () => Effect.fail(unavailable()) })
  )

/** All fail with 404, 422 or 503 as the client should see it. */
export interface ActorCalls {
  readonly publish: (author: AccountId, requestKey: string, draft: PostDraft) => Effect.Effect<Post, ApiError>
  readonly edit: (
    post: PostId,
    change: {
      readonly by: AccountId
      readonly text: string
      readonly spoiler: string
      readonly sensitive: boolean
      readonly language: string | null
      readonly mentions: ReadonlyArray<string>
      readonly media?: ReadonlyArray<MediaEdit>
    }
  ) => Effect.Effect<Post, ApiError>
  readonly remove: (post: PostId, by: AccountId) => Effect.Effect<Post, ApiError>
  /** By a moderator, with their reason. */
  readonly moderate: (post: PostId, by: AccountId, reason: string) => Effect.Effect<Post, ApiError>
  readonly setLike: (post: PostId, by: AccountId, liked: boolean) => Effect.Effect<Post, ApiError>
  readonly setFollow: (
    reader: AccountId,
    followee: AccountId,
    following: boolean,
    flags?: FollowFlags
  ) => Effect.Effect<void, ApiError>
  readonly setBlock: (account: AccountId, other: AccountId, blocked: boolean) => Effect.Effect<void, ApiError>
  readonly setMute: (
    account: AccountId,
    change: {
      readonly other: AccountId
      readonly muted: boolean
      readonly notifications: boolean
      readonly millis: number | null
    }
  ) => Effect.Effect<void, ApiError>
  readonly answerFollow: (account: AccountId, follower: AccountId, accepted: boolean) => Effect.Effect<void, ApiError>
  readonly removeFollower: (account: AccountId, follower: AccountId) => Effect.Effect<void, ApiError>
  /** A `PageBatch` to a shard. */
  readonly readPages: (shard: number, requests: Uint8Array) => Effect.Effect<Uint8Array, ApiError>
  /** The same for people of any shards (32-bit words) that live with this one, from memory; answers whose memory it was. */
  readonly readMemory: (
    shard: number,
    shards: Uint8Array,
    requests: Uint8Array
  ) => Effect.Effect<{ readonly runner: number; readonly answers: Uint8Array }, ApiError>
  /** Pages of topics from the shard that keeps them, in order; null for one that could not be read. */
  readonly readTopics: (
    shard: number,
    queries: ReadonlyArray<TopicQuery>
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<bigint> | null>, ApiError>
  /** Those of some local numbers (32-bit words) of a shard who are connected. */
  readonly online: (shard: number, people: Uint8Array) => Effect.Effect<Uint8Array, ApiError>
  readonly connect: (account: AccountId, accountNo: LocalNo, front: string) => Effect.Effect<void, ApiError>
  readonly disconnect: (account: AccountId, accountNo: LocalNo, front: string) => Effect.Effect<void, ApiError>
  /** Not bounded: it runs for as long as the shard stays where it is. */
  readonly events: (shard: number, front: string) => Stream.Stream<Uint8Array, Refusal | Unavailable>
}

export const make = (
  directory: ShardDirectory,
  limits: { readonly readMillisMax: number; readonly writeMillisMax: number }
): Effect.Effect<ActorCalls, never, Sharding.Sharding> =>
  Effect.gen(function*() {
    const author = yield* Author.client
    const postOwner = yield* PostOwner.client
    const userTimeline = yield* UserTimeline.client
    const session = yield* Session.client
    const timelineShard = yield* TimelineShard.client
    const read = bounded(limits.readMillisMax)
    const write = bounded(limits.writeMillisMax)

    return {
      publish: (id, requestKey, draft) => write(author(String(id)).Publish({ requestKey, draft })),
      edit: (id, change) => write(postOwner(String(id)).Edit(change)),
      remove: (id, by) => write(repeating((again) => postOwner(String(id)).Delete({ by, again }))),
      moderate: (id, by, reason) => write(repeating((again) => postOwner(String(id)).Moderate({ by, reason, again }))),
      setLike: (id, by, liked) => write(postOwner(String(id)).SetLike({ by, liked })),
      setFollow: (id, followee, following, flags) =>
        write(userTimeline(String(id)).SetFollow({ followee, following, ...(flags === undefined ? {} : { flags }) })),
      setBlock: (id, other, blocked) => write(userTimeline(String(id)).SetBlock({ other, blocked })),
      setMute: (id, change) => write(userTimeline(String(id)).SetMute(change)),
      answerFollow: (id, follower, accepted) => write(userTimeline(String(id)).AnswerFollow({ follower, accepted })),
      removeFollower: (id, follower) => write(userTimeline(String(id)).RemoveFollower({ follower })),
      readPages: (shard, requests) => read(timelineShard(directory.timelineShardId(shard)).Read({ requests })),
      readMemory: (shard, shards, requests) =>
        read(timelineShard(directory.timelineShardId(shard)).ReadMemory({ shards, requests })),
      readTopics: (shard, queries) => read(timelineShard(directory.timelineShardId(shard)).TopicPages({ queries })),
      online: (shard, people) => read(timelineShard(directory.timelineShardId(shard)).Online({ people })),
      connect: (id, accountNo, front) => read(session(String(id)).Connect({ accountNo, front })),
      disconnect: (id, accountNo, front) => read(session(String(id)).Disconnect({ accountNo, front })),
      events: (shard, front) => timelineShard(directory.timelineShardId(shard)).Events({ front })
    }
  })
