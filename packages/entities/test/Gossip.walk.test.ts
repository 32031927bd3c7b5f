import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import type { GossipRange } from "@rookery/store/GossipStore"
import { Effect } from "effect"
import { Sharding } from "effect/cluster"
import { TestClock } from "effect/testing"
import * as Answers from "../src/gossip/Answers.ts"
import * as RepairLoop from "../src/gossip/RepairLoop.ts"
import * as World from "./gossipWorld.ts"

/** Runs what is to run once in the datacenter, as the member that it fell to does. */
const alone = Sharding.Sharding.of({
  registerSingleton: (_: string, run: Effect.Effect<void>) => Effect.asVoid(Effect.forkScoped(run))
} as never)

const same = { count: 0, hash: 0n, isWhole: true }

describe("the walk over everything", () => {
  it.effect("hurries once round from the start, since whoever hurried before may have been killed, and then takes its time", () =>
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
      yield* RepairLoop.start(west, World.noAfter)
      for (let n = 0; n < 100; n++) yield* TestClock.adjust(west.settings.hurriedWalkMillis)
      assert.strictEqual(new Set(compared.map(({ from }) => from)).size, 64, "every part of the buckets within five seconds")
      // Days are more than parts of buckets.
      yield* TestClock.adjust("2 minutes")
      compared.length = 0
      yield* TestClock.adjust(west.settings.walkMillis * 10)
      assert.strictEqual(compared.length, 10)
    })).pipe(Effect.provideService(Sharding.Sharding, alone)))
})
