/** A caller that believes one runner to hold every shard, whatever the cluster says: as one whose news is old. */
import { NodeClusterSocket } from "@effect/platform-node"
import type { Member } from "@rookery/cluster/local/LocalCluster"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect, Layer } from "effect"
import { MessageStorage, Runner, RunnerAddress, RunnerStorage, ShardingConfig, SocketRunner } from "effect/cluster"
import { RpcSerialization } from "effect/rpc"

/** Built apart: layers are shared by reference, and this one's sharding must not be the cluster's. */
export const make = (member: Member) =>
  Effect.flatMap(Effect.scope, (scope) => Layer.buildWithMemoMap(layer(member), Layer.makeMemoMapUnsafe(), scope))

/** Sharding whose every message goes to `member`. */
const layer = (member: Member) => {
  const runner = Runner.make({ address: RunnerAddress.make("127.0.0.1", member.clusterPort), groups: ["default"], weight: 1 })
  const alone = Layer.effect(
    RunnerStorage.RunnerStorage,
    Effect.tap(RunnerStorage.makeMemory, (storage) => storage.register(runner, true))
  )
  return SocketRunner.layerClientOnly.pipe(
    Layer.provide([NodeClusterSocket.layerClientProtocol, MessageStorage.layerNoop, alone]),
    Layer.provide(RpcSerialization.layerSchemaBinary()),
    Layer.provideMerge(ShardingConfig.layer({ shardsPerGroup: TestCluster.shardsPerGroup, sendRetryInterval: "50 millis" }))
  )
}
