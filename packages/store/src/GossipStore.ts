/**
 * What is told to other datacenters, and what they told. Facts (domain/GossipFact.ts) are written into the outgoing rows by the
 * transactions that make them; those of others are applied in any order, any number of times, to the same end.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { GossipFact } from "@rookery/domain/GossipFact"
import { Context, type Effect } from "effect"
import type { StoreError } from "./StoreError.ts"

/** Facts under a number that stays theirs: whoever ships them again sends the same facts in the same order. */
export interface GossipBatch {
  readonly id: bigint
  /** A datacenter's number, or -1 for all others. */
  readonly destination: number
  /** At most `batchFactsMax`. */
  readonly facts: ReadonlyArray<GossipFact>
}

export const batchFactsMax = 500

/** A post of another datacenter that streams of topics (domain/Topics.ts), or of conversations, are to hear of. */
export interface TopicNews {
  readonly id: PostId
  readonly kind: "update" | "edit" | "delete"
  readonly topics: ReadonlyArray<string>
  /** Those here whom a direct post names. */
  readonly people: ReadonlyArray<AccountId>
}

export interface Applied {
  /** Announced posts so old that their tombstone may be gone: not applied. Ask the owner (`postsOf`) and apply the answer as `confirmed`. */
  readonly unknownOld: ReadonlyArray<PostId>
  /** Accounts that were named and are not known: they stand as nameless placeholders, hidden with all they wrote, until their fact comes. */
  readonly missing: ReadonlyArray<AccountId>
  /** Posts that changed or ended here, for the invalidation of renderings. */
  readonly changedPosts: ReadonlyArray<PostId>
  /** Of what these facts made stand, change or end, in no order. */
  readonly news: ReadonlyArray<TopicNews>
  /** Own accounts to whom another became something else, for the fronts' hints. */
  readonly related: ReadonlyArray<AccountId>
  /** Whether there are new rows in the outbox: the sweeper, or the drivers of notices, may be woken. */
  readonly told: boolean
}

/** What can be compared and repaired. Posts, accounts and numbers go by id; the others by bucket, 0…65,535. */
export const gossipKinds = ["posts", "direct", "accounts", "counts", "accountCounts", "follows", "answers", "blocks", "likes"] as const
export type GossipKind = (typeof gossipKinds)[number]

/** Records of `origin` that `asker` is to have, `from` inclusive, `to` exclusive. */
export interface GossipRange {
  readonly kind: GossipKind
  readonly origin: number
  readonly asker: number
  readonly from: bigint
  readonly to: bigint
  /** Milliseconds since 1970: tombstones of before are left out, since they may have been dropped. */
  readonly deletedAfter: number
}

/** `hash` is a 64-bit sum over the records, equal on servers of one major version of Postgres and byte order. */
export interface GossipDigest {
  readonly count: number
  readonly hash: bigint
  /** False: the range has more rows than were looked at, and the rest says nothing of it. Compare its parts. */
  readonly isWhole: boolean
}

/** A record that stands here; `other` is 0n unless it is of a pair. */
export interface GossipKey {
  readonly key: bigint
  readonly other: bigint
}

/** Why a message was refused, and what it was: its first `refusedBytesMax` bytes. */
export interface RefusedMessage {
  readonly id: bigint
  readonly origin: string
  readonly reason: string
  readonly data: Uint8Array
  /** Milliseconds since 1970. */
  readonly at: number
}

export const refusedBytesMax = 64 * 1024

export class GossipStore extends Context.Service<GossipStore, {
  /** Tells the database of the datacenters: from then on changes are told. Idempotent; fails when it knew a datacenter as another. */
  readonly enable: Effect.Effect<void, StoreError>
  /** Makes facts of numbers that changed (at most `limit` of posts, and as many of accounts); answers how many. Call it every few seconds. */
  readonly tellCounts: (limit: number) => Effect.Effect<number, StoreError>
  /** Puts up to `limit` free rows into batches; answers the unshipped batches, oldest first, at most `batchesMax`. One shipper at a time. */
  readonly claim: (limit: number, batchesMax: number) => Effect.Effect<ReadonlyArray<GossipBatch>, StoreError>
  /** Forgets batches that the stream has acknowledged. */
  readonly shipped: (batches: ReadonlyArray<bigint>) => Effect.Effect<void, StoreError>
  /** Rows not shipped, and the age of the oldest in milliseconds. */
  readonly backlog: Effect.Effect<{ readonly rows: number; readonly oldestMillis: number }, StoreError>
  /**
   * One transaction with its outbox rows; facts must have passed `Gossip.decode`. `confirmed`: the owner was asked, so old posts
   * are taken too. At most 10,000 facts.
   */
  readonly apply: (
    origin: number,
    facts: ReadonlyArray<GossipFact>,
    confirmed?: boolean
  ) => Effect.Effect<Applied, StoreError>
  /** Placeholders that still wait for their account's fact, by id, above `after`. */
  readonly placeholders: (after: AccountId | undefined, limit: number) => Effect.Effect<ReadonlyArray<AccountId>, StoreError>
  /** Keeps a message that was not applied; the oldest of the kept go. */
  readonly refuse: (origin: string, reason: string, data: Uint8Array) => Effect.Effect<void, StoreError>
  /** Latest first. */
  readonly refused: (limit: number) => Effect.Effect<ReadonlyArray<RefusedMessage>, StoreError>
  /** The same for the origin's own rows and for those that a receiver holds of it, when they agree. Looks at `rowsMax` rows, anybody's. */
  readonly digest: (range: GossipRange, rowsMax: number) => Effect.Effect<GossipDigest, StoreError>
  /** As the origin: facts of a range in order of their keys. */
  readonly facts: (range: GossipRange, limit: number) => Effect.Effect<ReadonlyArray<GossipFact>, StoreError>
  /** What stands here of a range, in order: what the origin's `facts` do not have is asked for by `postsOf`. */
  readonly keys: (range: GossipRange, limit: number) => Effect.Effect<ReadonlyArray<GossipKey>, StoreError>
  /** As the owner: a post, or its tombstone, also for what is no longer or never was there; nothing for direct posts that are not the asker's. At most 1,000. */
  readonly postsOf: (ids: ReadonlyArray<PostId>, asker: number) => Effect.Effect<ReadonlyArray<GossipFact>, StoreError>
  /** As the owner: profiles and numbers; deleted accounts as `gone`. At most 1,000. */
  readonly accountsOf: (ids: ReadonlyArray<AccountId>) => Effect.Effect<ReadonlyArray<GossipFact>, StoreError>
  /** Drops tombstones past their time that no thread hangs on; answers how many. Call it every few minutes. */
  readonly sweep: Effect.Effect<number, StoreError>
}>()("rookery/store/GossipStore") {}
