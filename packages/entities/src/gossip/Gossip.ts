/** The loops of gossip in one runner, where there are several datacenters. */
import { Bus } from "@rookery/bus/Bus"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { PostStore } from "@rookery/store/PostStore"
import { Deferred, Effect, Queue } from "effect"
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

/** Starts them for as long as the scope is open; answers the layer of the actors that belong to them. */
export const start = (runner: Runner, world: World) =>
  Effect.gen(function*() {
    yield* world.gossip.enable
    const askLater = yield* asker
    const fetcher = yield* Deferred.make<Contents.Fetcher>()
    const after: After.After = After.make({
      bus: yield* Bus,
      wake: () => {
        Notices.due(runner)
        OutboxSweeper.due(runner)
      },
      posted: yield* Ahead.make(world, yield* AuthorStore, Deferred.await(fetcher)),
      askAccounts: (ids: ReadonlyArray<AccountId>) => askLater(Effect.suspend(() => Asking.accounts(world, after, ids)))
    })
    const contents = yield* Contents.make(world, after)
    yield* Deferred.succeed(fetcher, contents)
    const askPosts = (origin: number, ids: ReadonlyArray<PostId>) => askLater(Asking.posts(world, after, origin, ids))
    yield* Answers.start(world)
    yield* ContentAnswers.start(world, yield* PostStore)
    yield* Shipper.start(world)
    yield* Effect.forEach(others(world), (origin) => Applier.start(world, origin, { after, askPosts }), { discard: true })
    yield* RepairLoop.start(world, after)
    return ContentDeskLive(contents)
  })
