/** The loops of gossip in one runner, where there are several datacenters. */
import { Bus } from "@rookery/bus/Bus"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { ContentDesk, idOf } from "@rookery/protocol/ContentDesk"
import { encodeWants, wantsMax } from "@rookery/protocol/Contents"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { PostStore } from "@rookery/store/PostStore"
import { SearchStore } from "@rookery/store/SearchStore"
import { Effect, Queue } from "effect"
import * as Notices from "../Notices.ts"
import * as OutboxSweeper from "../OutboxSweeper.ts"
import type { Runner } from "../Runner.ts"
import * as After from "./After.ts"
import * as Ahead from "./Ahead.ts"
import * as Answers from "./Answers.ts"
import * as Applier from "./Applier.ts"
import * as Asking from "./Asking.ts"
import * as ContentAnswers from "./ContentAnswers.ts"
import { ContentDeskLive } from "./ContentDeskLive.ts"
import * as Contents from "./Contents.ts"
import * as FarWords from "./FarWords.ts"
import * as News from "./News.ts"
import * as RepairLoop from "./RepairLoop.ts"
import * as Shipper from "./Shipper.ts"
import { others, type World } from "./World.ts"

/** Questions about accounts and old posts that wait; what is dropped is found by comparing. */
const questionsMax = 256

/** Runs questions one after the other, beside what made them. */
const asker = Effect.gen(function*() {
  const waiting = yield* Queue.dropping<Effect.Effect<void, unknown>>(questionsMax)
  yield* Queue.take(waiting).pipe(
    Effect.flatten,
    Effect.catchCause((cause) => Effect.logDebug("a question is left to the comparison", cause)),
    Effect.forever,
    Effect.forkScoped
  )
  return (question: Effect.Effect<void, unknown>): void => void Queue.offerUnsafe(waiting, question)
})

/** As fronts do it, so that what they want at the same time is asked for once. */
const throughDesks = Effect.map(ContentDesk.client, (desk): Ahead.Fetch => (home, wants) =>
  Effect.forEach(Map.groupBy(wants, ({ id }) => idOf(home, id)), ([id, own]) =>
    Effect.forEach(own.flatMap((_, i) => i % wantsMax === 0 ? [own.slice(i, i + wantsMax)] : []), (part) =>
      desk(id).Fetch({ wants: encodeWants(part) }), { discard: true }), { concurrency: "unbounded", discard: true }))

/** Starts them for as long as the scope is open; answers the layer of the actors that belong to them. */
export const start = (runner: Runner, world: World) =>
  Effect.gen(function*() {
    yield* world.gossip.enable
    const askLater = yield* asker
    const bus = yield* Bus
    const after: After.After = After.make({
      bus,
      wake: () => {
        Notices.due(runner)
        OutboxSweeper.due(runner)
      },
      posted: yield* Ahead.make(world, yield* AuthorStore, yield* throughDesks),
      heard: yield* News.make(bus, runner.topics),
      askAccounts: (ids: ReadonlyArray<AccountId>) => askLater(Effect.suspend(() => Asking.accounts(world, after, ids)))
    })
    const contents = yield* Contents.make(world, after)
    const askPosts = (origin: number, ids: ReadonlyArray<PostId>) => askLater(Asking.posts(world, after, origin, ids))
    yield* Answers.start(world)
    yield* ContentAnswers.start(world, yield* PostStore)
    yield* Shipper.start(world, runner.tellingDue)
    yield* Effect.forEach(others(world), (origin) => Applier.start(world, origin, { after, askPosts }), { discard: true })
    const words = yield* SearchStore
    yield* Effect.forEach(others(world), (origin) => FarWords.start(world, after, words, origin), { discard: true })
    yield* RepairLoop.start(world, after)
    return ContentDeskLive(contents)
  })
