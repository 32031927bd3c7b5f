/**
 * What the actors of one runner share: the windows of every shard it holds, the rings of pulled authors, the
 * lanes of fan-out, and the means to reach other actors. One per process.
 */
import { Bus } from "@rookery/bus/Bus"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Lanes from "@rookery/fanout/Lanes"
import * as WindowSlab from "@rookery/domain/WindowSlab"
import { pauses } from "@rookery/observe/Metrics"
import { Author } from "@rookery/protocol/Author"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import { type OutboxRow, OutboxStore } from "@rookery/store/OutboxStore"
import { PostStore } from "@rookery/store/PostStore"
import { Effect, FiberSet, Latch } from "effect"
import { randomInt } from "node:crypto"
import * as Audiences from "./Audiences.ts"
import * as GroupCommit from "./GroupCommit.ts"
import * as Hints from "./Hints.ts"
import * as NearDeliveries from "./NearDeliveries.ts"
import * as PauseGuard from "./PauseGuard.ts"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as RingReader from "./RingReader.ts"
import type { Settings } from "./Settings.ts"
import * as ShardWindows from "./ShardWindows.ts"
import * as TopicSpread from "./TopicSpread.ts"
import * as WindowLoader from "./WindowLoader.ts"

/** Outbox rows deleted in one write. */
const doneMax = 1_000

/** Rows, or posts, read together: after an outage of other datacenters they come by the thousand. */
const takenMax = 256

/** How long a row that is done may wait for others, in milliseconds; far less than its claim lasts. */
const doneGatherMillis = 50

/** Rows given back in one write, as many as the store takes. */
const givenBackMax = 512

const tokenMax = 2 ** 47

export interface Runner {
  /** Tells this runner from others, and from itself before a restart: whoever reads learns by it which shards are together. */
  readonly token: number
  readonly settings: Settings
  readonly directory: ShardDirectory.ShardDirectory
  readonly shards: Map<number, ShardWindows.ShardWindows>
  /** Room of all windows of all shards. */
  readonly slab: WindowSlab.Slab
  readonly pulled: PulledAuthors.PulledAuthors
  readonly guard: PauseGuard.PauseGuard
  readonly lanes: Lanes.Lanes
  readonly loader: WindowLoader.WindowLoader
  readonly audiences: Audiences.Audiences
  readonly actors: Actors
  /** An outbox row that this runner was asked to drive; many in one write. Undefined when it is done. */
  readonly take: (outboxId: bigint) => Effect.Effect<OutboxRow | undefined, unknown>
  /** A post as it is now; many in one query. Undefined when it was deleted. */
  readonly post: (id: PostId) => Effect.Effect<Post | undefined, unknown>
  /** Deletes an outbox row; many in one write. */
  readonly done: (outboxId: bigint) => Effect.Effect<void, unknown>
  /** Gives an outbox row back with the shards that it reached: it is claimed anew after `retryMillis`, and later each time. */
  readonly giveBack: (outboxId: bigint, progress: Uint8Array) => Effect.Effect<void, unknown>
  /** Outbox rows that this runner drives now, with the shards each has reached. */
  readonly driving: Map<bigint, Uint8Array>
  /** Opened when a commit may have left notices to be handed on. */
  readonly noticesDue: Latch.Latch
  /** Opened when there are outbox rows that nobody drives. */
  readonly outboxDue: Latch.Latch
  /** Opened by a commit that other datacenters are to be told of. */
  readonly tellingDue: Latch.Latch
  readonly topics: TopicSpread.TopicSpread
  /** Tells the fronts that what they keep of these posts is old. */
  readonly postsChanged: (ids: ReadonlyArray<PostId>) => Effect.Effect<void>
  /** Tells them that these have posts more. */
  readonly authorsPosted: (authors: ReadonlyArray<AccountId>) => Effect.Effect<void>
  /** Tells them that an import may have brought any. */
  readonly imported: Effect.Effect<void>
  /** Runs work that outlives the actor which started it; ends with the runner. */
  readonly runFork: (effect: Effect.Effect<void>) => void
  readonly now: () => number
}

/** Clients of the other actors. */
const makeActors = Effect.gen(function*() {
  return {
    author: yield* Author.client,
    timelineShard: yield* TimelineShard.client,
    userTimeline: yield* UserTimeline.client
  }
})
export type Actors = Effect.Success<typeof makeActors>

/** A shard that this runner holds takes a batch without a message; any other is sent one. */
const makeSend = (
  settings: Settings,
  actors: Actors,
  { directory, guard, shards }: Pick<Runner, "directory" | "guard" | "shards">
): Lanes.SendBatch =>
(shardNo, batch) =>
  Effect.suspend((): Effect.Effect<void, unknown> => {
    const shard = shards.get(shardNo)
    if (shard !== undefined && guard.trusted()) return Effect.try(() => ShardWindows.deliverBatch(shard, batch))
    return actors.timelineShard(directory.timelineShardId(shardNo)).Deliver({ batch }).pipe(
      Effect.timeout(settings.messageTimeoutMillis)
    )
  })

const readPosts = (posts: PostStore["Service"]) => (ids: ReadonlyArray<PostId>) =>
  Effect.map(posts.byIds(ids), (found) => {
    const byId = new Map(found.map((post) => [post.id, post]))
    return ids.map((id) => byId.get(id))
  })

/** Drops every window and ring: what this process knows may be another runner's by now. */
const dropMemory = (shards: Runner["shards"], pulled: PulledAuthors.PulledAuthors): void => {
  pauses.value++
  for (const shard of shards.values()) ShardWindows.clear(shard)
  PulledAuthors.dropRings(pulled)
}

export const make = (settings: Settings) =>
  Effect.gen(function*() {
    const outbox = yield* OutboxStore
    const directory = yield* ShardDirectory.make
    const actors = yield* makeActors
    const runFork: Runner["runFork"] = yield* FiberSet.makeRuntime<never, void, never>()
    const now = () => Date.now()
    const shards: Runner["shards"] = new Map()
    const pulled = PulledAuthors.make({
      ringEntriesMax: settings.windowEntriesMax,
      readRing: yield* RingReader.make({ ringEntriesMax: settings.windowEntriesMax, now, runFork }),
      now,
      runFork
    })
    const guard = yield* PauseGuard.make({
      pauseMaxMillis: settings.pauseMaxMillis,
      confirmMillis: settings.confirmMillis,
      now: () => performance.now(),
      onPause: () => dropMemory(shards, pulled)
    })
    const bus = yield* Bus
    const deletions = yield* GroupCommit.make(
      (ids: ReadonlyArray<bigint>) => Effect.as(outbox.done(ids), ids.map(() => undefined)),
      doneMax,
      doneGatherMillis
    )
    const taken = yield* GroupCommit.make((ids: ReadonlyArray<bigint>) => outbox.take(ids, settings.claimMillis), takenMax)
    const reading = yield* GroupCommit.make(readPosts(yield* PostStore), takenMax)
    const returns = yield* GroupCommit.make(
      (rows: ReadonlyArray<{ readonly id: bigint; readonly progress: Uint8Array }>) =>
        Effect.as(
          outbox.giveBack(rows, { firstMillis: settings.retryMillis, mostMillis: settings.retryMillisMax }),
          rows.map(() => undefined)
        ),
      givenBackMax
    )
    const runner: Runner = {
      token: 1 + randomInt(tokenMax),
      settings,
      directory,
      shards,
      slab: WindowSlab.make(),
      pulled,
      guard,
      lanes: Lanes.make({
        send: makeSend(settings, actors, { directory, guard, shards }),
        deliverNear: NearDeliveries.make({ shards, guard, lingerMillis: settings.lingerMillis, runFork }),
        expect: NearDeliveries.expect(shards),
        lingerMillis: settings.lingerMillis,
        laneBytesMax: settings.laneBytesMax,
        runFork
      }),
      loader: yield* WindowLoader.make(settings),
      audiences: yield* Audiences.make(settings.audienceBytesMax),
      actors,
      postsChanged: (ids) => Hints.postsChanged(bus, ids),
      authorsPosted: (authors) => Hints.authorsPosted(bus, authors),
      imported: Hints.imported(bus),
      topics: yield* TopicSpread.make(actors, directory, bus, settings.messageTimeoutMillis, (shard) =>
        guard.trusted() ? shards.get(shard)?.topics : undefined),
      take: taken.commit,
      post: reading.commit,
      done: deletions.commit,
      giveBack: (id, progress) => returns.commit({ id, progress }),
      driving: new Map(),
      noticesDue: Latch.makeUnsafe(true),
      outboxDue: Latch.makeUnsafe(false),
      tellingDue: Latch.makeUnsafe(false),
      runFork,
      now
    }
    return runner
  })

