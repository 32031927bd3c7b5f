import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import type { GossipRange } from "@rookery/store/GossipStore"
import { Effect, Fiber } from "effect"
import { Sharding } from "effect/cluster"
import { TestClock } from "effect/testing"
import * as Answers from "../src/gossip/Answers.ts"
import * as RepairLoop from "../src/gossip/RepairLoop.ts"
import * as World from "./gossipWorld.ts"

/** What is to run once in the datacenter, as a member keeps it: to run whenever that falls to it. */
const registry = () => {
  const runs: Array<Effect.Effect<void>> = []
  const sharding = Sharding.Sharding.of({
    registerSingleton: (_: string, run: Effect.Effect<void>) => Effect.sync(() => void runs.push(run))
  } as never)
  return { runs, sharding }
}

const same = { count: 0, hash: 0n, isWhole: true }

describe("the walk over everything", () => {
  it.effect("hurries once round whenever it falls to a member, since whoever hurried before may have been killed, and then takes its time", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const compared: Array<GossipRange> = []
      const west = yield* World.make(links, 1, {
        digest: (range) => Effect.sync(() => {
          if (range.kind === "blocks") compared.push(range)
          return same
        }),
        placeholders: () => Effect.succeed([])
      })
      yield* Answers.start(yield* World.make(links, 0, { digest: () => Effect.succeed(same) }))
      const { runs, sharding } = registry()
      yield* Effect.provideService(RepairLoop.start(west, World.noAfter), Sharding.Sharding, sharding)
      const seconds = (count: number) =>
        Effect.repeat(TestClock.adjust(west.settings.hurriedWalkMillis), { times: count * 1_000 / west.settings.hurriedWalkMillis - 1 })
      for (let time = 0; time < 2; time++) {
        compared.length = 0
        const fiber = yield* Effect.forkScoped(Effect.all(runs, { concurrency: "unbounded" }))
        yield* seconds(5)
        assert.strictEqual(new Set(compared.map(({ from }) => from)).size, 64, `every part of the buckets, time ${time}`)
        // Days are more than parts of buckets.
        yield* seconds(120)
        compared.length = 0
        yield* TestClock.adjust(west.settings.walkMillis * 10)
        assert.strictEqual(compared.length, 10)
        yield* Fiber.interrupt(fiber)
      }
    })))
})
