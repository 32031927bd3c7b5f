/**
 * Brings posts of others to the topics that they stand in, as fan-out does with own ones: to the rings of the topics' shards and to the streams.
 * All of it is a hint behind rows that stand: rings are read again by their age, and the next read of a timeline has what a stream was not told.
 */
import type { Bus } from "@rookery/bus/Bus"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { TopicNews } from "@rookery/store/GossipStore"
import { Effect, Queue } from "effect"
import * as Hints from "../Hints.ts"
import type { TopicSpread } from "../TopicSpread.ts"

/** Batches of news that wait; of more nothing is told. */
const waitingMax = 64

/** Posts of one batch that topics hear of, those with tags first: after an outage there may be ten thousand in each. */
const newsMax = 500

/** What is older comes from an outage, and is no news to who listens; in milliseconds. */
const liveMillis = 60_000

const ringsAtOnce = 64

/** Those that few listen to are told of before what everybody hears. */
const chosen = (news: ReadonlyArray<TopicNews>): ReadonlyArray<TopicNews> =>
  news.length <= newsMax ? news : news.toSorted((a, b) => b.topics.length - a.topics.length).slice(0, newsMax)

const toStreams = (bus: Bus["Service"], { id, kind, people, topics }: TopicNews) =>
  kind === "update" && Snowflake.millisOf(id) < Date.now() - liveMillis
    ? Effect.void
    : Hints.toStreams(bus, { kind, postId: String(id), topics, people: people.map(String) })

/** Until the scope closes. Nobody waits for it. */
export const make = (bus: Bus["Service"], topics: Pick<TopicSpread, "toRings">) =>
  Effect.gen(function*() {
    const waiting = yield* Queue.dropping<ReadonlyArray<TopicNews>>(waitingMax)
    const tell = (news: ReadonlyArray<TopicNews>) =>
      Effect.gen(function*() {
        const told = chosen(news)
        const standing = told.filter((one) => one.kind !== "delete" && one.topics.length > 0)
        yield* Effect.forEach(standing, (one) => topics.toRings(one.id, one.topics), { concurrency: ringsAtOnce, discard: true })
        yield* Effect.forEach(told, (one) => toStreams(bus, one), { discard: true })
      })
    yield* Queue.take(waiting).pipe(
      Effect.flatMap(tell),
      Effect.catchCause((cause) => Effect.logDebug("topics were not told of posts elsewhere", cause)),
      Effect.forever,
      Effect.forkScoped
    )
    return (news: ReadonlyArray<TopicNews>): void => void Queue.offerUnsafe(waiting, news)
  })
