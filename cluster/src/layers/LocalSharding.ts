/** A cluster of one: every shard in this process, without sockets and without stored messages. */
import { Layer } from "effect"
import { MessageStorage, RunnerHealth, Runners, RunnerStorage, type Sharding, ShardingConfig } from "effect/cluster"
import * as FairTurns from "./FairTurns.ts"
import { alone, type Knobs } from "./shardingKnobs.ts"

export const layer = (
  knobs: Knobs
): Layer.Layer<Sharding.Sharding | ShardingConfig.ShardingConfig> =>
  FairTurns.sharding.pipe(
    Layer.provide([Runners.layerNoop, RunnerStorage.layerMemory, RunnerHealth.layerNoop]),
    Layer.provide(MessageStorage.layerNoop),
    Layer.provideMerge(ShardingConfig.layer(alone(knobs)))
  )
