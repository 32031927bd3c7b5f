import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { Effect, Layer } from "effect"
import { MessageStorage, RunnerHealth, Runners, RunnerStorage, Sharding, ShardingConfig } from "effect/cluster"

const shardsPerGroup = 127

const sharding = Sharding.layer.pipe(
  Layer.provide([Runners.layerNoop, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
  Layer.provide(MessageStorage.layerMemory),
  Layer.provideMerge(ShardingConfig.layer({ shardsPerGroup }))
)

const withDirectory = <A, E>(use: (directory: ShardDirectory.ShardDirectory) => Effect.Effect<A, E>) =>
  Effect.flatMap(ShardDirectory.make, use).pipe(Effect.provide(sharding))

/** Ids as they are minted: in bursts of a few per millisecond, by several machines. */
const mintedIds = (count: number): Array<string> =>
  Array.from({ length: count }, (_, i) =>
    String(Snowflake.make(Snowflake.epochMillis + 1_000_000 + Math.floor(i / 3) * 7, (i % 5) * 200, i % 3)))

/** Ids as an import mints them: every sequence of every millisecond. */
const importedIds = (count: number): Array<string> =>
  Array.from({ length: count }, (_, i) =>
    String(Snowflake.make(Snowflake.epochMillis + 1_000_000 + Math.floor(i / 4_096), 3, i % 4_096)))

describe("ShardDirectory", () => {
  it.effect("finds for each shard an entity id that hashes to it", () =>
    withDirectory((directory) =>
      Effect.sync(() => {
        assert.strictEqual(directory.shardCount, shardsPerGroup)
        for (let shard = 1; shard <= shardsPerGroup; shard++) {
          assert.strictEqual(directory.shardOf(directory.timelineShardId(shard)), shard)
        }
      })))

  for (const [name, ids] of [["minted", mintedIds(100_000)], ["imported", importedIds(100_000)]] as const) {
    it.effect(`puts at most 1.3 times the mean of 100,000 ${name} ids on a shard`, () =>
      withDirectory((directory) =>
        Effect.sync(() => {
          const counts = new Float64Array(shardsPerGroup + 1)
          for (const id of ids) counts[directory.shardOf(id)]!++
          const mean = ids.length / shardsPerGroup
          assert.strictEqual(counts[0], 0)
          assert.isAtMost(Math.max(...counts), mean * 1.3)
          assert.isAtLeast(Math.min(...counts.subarray(1)), mean * 0.7)
        })))
  }
})
