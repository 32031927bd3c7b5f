/** Which cluster shard an account lives on, and which entity id reaches the TimelineShard of a shard. */
import { Effect } from "effect"
import { EntityId, Sharding, ShardingConfig } from "effect/cluster"

/** All entities of Rookery are of this shard group, so equal ids share a shard. */
export const group = "default"

export interface ShardDirectory {
  readonly shardCount: number
  /** 1…`shardCount`. */
  readonly shardOf: (entityId: string) => number
  /** The entity id of a shard's TimelineShard. */
  readonly timelineShardId: (shard: number) => string
}

const searchMax = 100_000

/** For each shard the first of the ids `s0`, `s1`, … that hashes to it. Dies when `searchMax` ids leave a shard empty. */
export const make: Effect.Effect<ShardDirectory, never, Sharding.Sharding | ShardingConfig.ShardingConfig> = Effect.gen(
  function*() {
    const sharding = yield* Sharding.Sharding
    const { shardsPerGroup } = yield* ShardingConfig.ShardingConfig
    const shardOf = (entityId: string) => sharding.getShardId(EntityId.make(entityId), group).id
    const ids = new Map<number, string>()
    for (let n = 0; ids.size < shardsPerGroup && n < searchMax; n++) {
      const shard = shardOf(`s${n}`)
      if (!ids.has(shard)) ids.set(shard, `s${n}`)
    }
    if (ids.size < shardsPerGroup) {
      return yield* Effect.die(new Error(`no entity id found for some of ${shardsPerGroup} shards`))
    }
    return { shardCount: shardsPerGroup, shardOf, timelineShardId: (shard) => ids.get(shard)! }
  }
)
