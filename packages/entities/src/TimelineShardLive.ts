/** Behaviour of `TimelineShard`: the door to the windows of one shard. */
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Unavailable } from "@rookery/protocol/Errors"
import { TimelineShard, type TopicQuery } from "@rookery/protocol/TimelineShard"
import * as Words from "@rookery/protocol/Words"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { TopicStore } from "@rookery/store/TopicStore"
import { Effect, Stream } from "effect"
import { Entity } from "effect/cluster"
import * as FollowChanges from "./FollowChanges.ts"
import * as Modes from "./Modes.ts"
import type { Runner } from "./Runner.ts"
import * as SessionTable from "./SessionTable.ts"
import * as ShardWindows from "./ShardWindows.ts"
import * as TimelineReads from "./TimelineReads.ts"
import * as TopicRings from "./TopicRings.ts"
import { orUnavailable } from "./Unavailability.ts"

/** The windows of this shard, held by the runner while the actor lives. */
const acquire = (runner: Runner, shardNo: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const shard = ShardWindows.make(shardNo, runner.pulled, runner.slab)
      runner.shards.set(shardNo, shard)
      return shard
    }),
    (shard) =>
      Effect.sync(() => {
        SessionTable.closeAll(shard.sessions)
        ShardWindows.clear(shard)
        if (runner.shards.get(shardNo) === shard) runner.shards.delete(shardNo)
      })
  )

/** The first chunk of every feed holds no events: whoever is connected must be named again. */
const feedOpened = new Uint8Array(0)

/** Pages of topics that are read at once for one message. */
const topicPagesMax = 16

const doubted = new Unavailable({ reason: "this runner's shard locks are in doubt after a pause" })

export const TimelineShardLive = (runner: Runner) =>
  TimelineShard.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const { homePage, newestOf } = yield* TimelineStore
      const topicStore = yield* TopicStore
      const shard = yield* acquire(runner, runner.directory.shardOf(entityId))

      const whenTrusted = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | Unavailable> =>
        Effect.suspend((): Effect.Effect<A, E | Unavailable> =>
          runner.guard.trusted() ? effect : Effect.fail(doubted)
        )

      const means: TopicRings.Means = {
        page: topicStore.page,
        maxAgeMillis: runner.settings.ringMaxAgeMillis,
        now: runner.now,
        runFork: runner.runFork
      }
      const topicPage = ({ maxId, topic, ...query }: TopicQuery) =>
        TopicRings.read(shard.topics, means, topic, { ...query, maxId: maxId ?? undefined }).pipe(
          Effect.catch((error) => Effect.as(Effect.logDebug("a topic could not be read", error), null))
        )

      const events = (front: string) =>
        Effect.map(
          Effect.acquireRelease(
            SessionTable.open(shard.sessions, front),
            (queue) => Effect.sync(() => SessionTable.close(shard.sessions, front, queue))
          ),
          // The cluster opens a feed anew by itself when the shard moved: the front must hear of it.
          (queue) => Stream.concat(Stream.make(feedOpened), Stream.fromQueue(queue))
        )

      return TimelineShard.of({
        Deliver: ({ payload }) =>
          whenTrusted(
            Effect.try({
              try: () => ShardWindows.deliverBatch(shard, payload.batch),
              catch: (cause) => new Unavailable({ reason: String(cause) })
            })
          ),
        Read: ({ payload }) =>
          whenTrusted(
            Effect.suspend(() =>
              TimelineReads.readBatch(runner, shard, homePage, PageBatch.decodeRequests(payload.requests))
            ).pipe(Effect.map(PageBatch.encodeAnswers))
          ),
        ReadMemory: ({ payload }) =>
          whenTrusted(Effect.sync(() => {
            const requests = PageBatch.decodeRequests(payload.requests)
            const answers = TimelineReads.readMemory(runner, Words.words(payload.shards), requests)
            return { runner: runner.token, answers: PageBatch.encodeAnswers(answers) }
          })),
        ApplyModes: ({ payload }) => orUnavailable(Modes.apply(runner, payload.modes)),
        ChangeFollow: ({ payload }) => orUnavailable(FollowChanges.apply(runner, shard, newestOf, payload)),
        ChangeRelation: ({ payload }) => orUnavailable(FollowChanges.relate(runner, shard, newestOf, payload)),
        Backfill: ({ payload }) =>
          orUnavailable(
            FollowChanges.backfill(
              runner,
              shard,
              newestOf,
              payload.readerNo,
              { no: payload.followeeNo, id: payload.followee },
              payload.mode
            )
          ),
        Notify: ({ payload }) =>
          whenTrusted(Effect.sync(() => SessionTable.notify(shard.sessions, EventBatch.decode(payload.events)))),
        Online: ({ payload }) =>
          whenTrusted(Effect.sync(() => {
            const online = Words.words(payload.people).filter((no) => SessionTable.isOnline(shard.sessions, no))
            return new Uint8Array(online.buffer)
          })),
        TopicPosts: ({ payload }) =>
          whenTrusted(Effect.sync(() => {
            for (const { postId, topics } of payload.posts) TopicRings.publish(shard.topics, topics, postId)
          })),
        TopicPages: ({ payload }) => whenTrusted(Effect.forEach(payload.queries, topicPage, { concurrency: topicPagesMax })),
        Events: ({ payload }) => Stream.unwrap(events(payload.front))
      })
    }),
    { concurrency: "unbounded", maxIdleTime: "Infinity", disableFatalDefects: true }
  )
