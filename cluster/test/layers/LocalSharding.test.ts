/** Actors that have nothing to do go without keeping others waiting. */
import { assert, describe, it } from "@effect/vitest"
import * as LocalSharding from "@rookery/cluster/layers/LocalSharding"
import { defaultKnobs } from "@rookery/cluster/layers/shardingKnobs"
import { Effect, Layer } from "effect"
import { Entity } from "effect/cluster"
import { Rpc } from "effect/rpc"

const actors = 600
/** Effect looks no more often than this for actors to close. */
const idleMillis = 5_000

const Idler = Entity.make("Idler", [Rpc.make("Wake")])

/** Actors closed so far. */
let closed = 0
const closing = Effect.addFinalizer(() => Effect.sync(() => void closed++))
const idlers = Idler.toLayer(Effect.as(closing, { Wake: () => Effect.void }))

const sharding = LocalSharding.layer({ ...defaultKnobs, entityIdleMillis: idleMillis })

/** The most that were closed in one turn of the event loop, once all are. */
const mostOfOneTurn = Effect.callback<number>((resume) => {
  let before = closed
  let most = 0
  const look = (): void => {
    most = Math.max(most, closed - before)
    before = closed
    if (closed === actors) resume(Effect.succeed(most))
    else setImmediate(look)
  }
  look()
})

describe("actors that went idle together", () => {
  it.live("are closed over many turns of the event loop", () =>
    Effect.gen(function*() {
      const of = yield* Idler.client
      yield* Effect.forEach(Array.from({ length: actors }, (_, i) => of(`idler-${i}`)), (idler) => idler.Wake(), { concurrency: 50 })
      assert.isAtMost(yield* mostOfOneTurn, 128)
    }).pipe(Effect.provide(Layer.provideMerge(idlers, sharding))), 30_000)
})
