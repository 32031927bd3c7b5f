/**
 * TimelineShard: holds the windows of all people of one cluster shard. Its entity id is found by
 * search (`ShardDirectory`), so that it hashes to the shard that it serves. Never idled out.
 *
 * All hot messages are bytes: `DeliveryBatch`, `PageBatch`, `EventBatch`.
 */
import { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Schema } from "effect"
import { ClusterSchema, Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { ModeRow } from "./Author.ts"
import { Unavailable } from "./Errors.ts"

/** Takes a `DeliveryBatch`; repeats and reordering are harmless. Answers when the windows hold it. */
export const Deliver = Rpc.make("Deliver", { payload: { batch: Schema.Uint8Array }, error: Unavailable })

/** Answers a `PageBatch` of requests with a `PageBatch` of pages, in order. */
export const Read = Rpc.make("Read", {
  payload: { requests: Schema.Uint8Array },
  success: Schema.Uint8Array,
  error: Unavailable
})

/**
 * The same for people of any shards that this one's runner holds (`shards` has a 32-bit word for each request), of what
 * memory holds and waits for nothing. `runner` is the same number for all shards of one runner, as long as it runs.
 */
export const ReadMemory = Rpc.make("ReadMemory", {
  payload: { shards: Schema.Uint8Array, requests: Schema.Uint8Array },
  success: Schema.Struct({ runner: Schema.Int, answers: Schema.Uint8Array }),
  error: Unavailable
})

/** From now on authors are read by these modes. Answers when every window of the shard is ready for it. */
export const ApplyModes = Rpc.make("ApplyModes", { payload: { modes: Schema.Array(ModeRow) }, error: Unavailable })

/** The reader's follow set changed. `followVersion` is the one that the change made. */
export const ChangeFollow = Rpc.make("ChangeFollow", {
  payload: {
    readerNo: LocalNo,
    followVersion: Schema.Int,
    followeeNo: LocalNo,
    followee: AccountId,
    following: Schema.Boolean
  },
  error: Unavailable
})

/** How the reader stands to another person now, of the version that the change made. Answers when the window shows it. */
export const ChangeRelation = Rpc.make("ChangeRelation", {
  payload: {
    readerNo: LocalNo,
    followVersion: Schema.Int,
    otherNo: LocalNo,
    other: AccountId,
    following: Schema.Boolean,
    hidden: Schema.Boolean,
    /** Milliseconds after which `hidden` ends by itself. */
    hiddenMillis: Schema.NullOr(Schema.Number)
  },
  error: Unavailable
})

/** The Author has the edge now: fill in what it published before that. */
export const Backfill = Rpc.make("Backfill", {
  payload: { readerNo: LocalNo, followeeNo: LocalNo, followee: AccountId, mode: ModeRow },
  error: Unavailable
})

/** Hands an `EventBatch` to those of its people who are connected; an event that came before is not handed on again. */
export const Notify = Rpc.make("Notify", { payload: { events: Schema.Uint8Array }, error: Unavailable })

/** Which of these local numbers (32-bit words) are connected anywhere in this datacenter; answers those. */
export const Online = Rpc.make("Online", {
  payload: { people: Schema.Uint8Array },
  success: Schema.Uint8Array,
  error: Unavailable
})

/**
 * Live events (`EventBatch`) for the people whom this front serves, until the shard moves; then the
 * stream ends and the front subscribes again. The first chunk is empty: from then on `Session.Connect` is taken, and
 * whoever was connected before must be connected again.
 */
export const Events = Rpc.make("Events", {
  payload: { front: Schema.String },
  success: Schema.Uint8Array,
  error: Unavailable,
  stream: true
}).annotate(ClusterSchema.InterruptOnTermination, true)

/** Posts of topics that this shard keeps; repeats and reordering are harmless. */
export const TopicPosts = Rpc.make("TopicPosts", {
  payload: { posts: Schema.Array(Schema.Struct({ postId: Schema.BigInt, topics: Schema.Array(Schema.String) })) },
  error: Unavailable
})

const TopicQuery = Schema.Struct({
  topic: Schema.String,
  maxId: Schema.NullOr(Schema.BigInt),
  sinceId: Schema.BigInt,
  minId: Schema.BigInt,
  limit: Schema.Int
})
export type TopicQuery = typeof TopicQuery.Type

/** Answers pages of topics, in order, newest first; null for one that could not be read now. */
export const TopicPages = Rpc.make("TopicPages", {
  payload: { queries: Schema.Array(TopicQuery) },
  success: Schema.Array(Schema.NullOr(Schema.Array(Schema.BigInt))),
  error: Unavailable
})

export const TimelineShard = Entity.make("TimelineShard", [
  Deliver,
  Read,
  ReadMemory,
  ApplyModes,
  ChangeFollow,
  ChangeRelation,
  Backfill,
  Events,
  Notify,
  Online,
  TopicPosts,
  TopicPages
]).annotate(ClusterSchema.ClientTracingEnabled, false)
