/**
 * A member of a real cluster: shards spread over processes that talk through TCP sockets.
 *
 * The composition of `NodeClusterSocket.layer` with what it has no options for: Nagle's algorithm is off on both sides
 * (a stream of single items took 86 ms an item with it), membership has unique machine numbers, and death is noticed
 * by `RunnerProbe`. Messages are volatile: what must not be lost is in the outbox.
 */
import { NodeSocket } from "@effect/platform-node"
import { Effect, type Latch, Layer } from "effect"
import { MessageStorage, RunnerAddress, Runners, RunnerServer, ShardingConfig } from "effect/cluster"
import { RpcClient, RpcSerialization, RpcServer } from "effect/rpc"
import { Socket } from "effect/socket"
import { closesWithin } from "./closesWithin.ts"
import * as FairTurns from "./FairTurns.ts"
import * as GatheringServer from "./GatheringServer.ts"
import * as MemberStorage from "./MemberStorage.ts"
import * as RunnerProbe from "./RunnerProbe.ts"
import { type Knobs, type Member, together } from "./shardingKnobs.ts"

const OPEN_LIMIT_MS = 1000
/** An idle connection is closed by the client after this; the runners' client pings well within it. */
const IDLE_LIMIT_MS = 5500

const layerClientProtocol = Layer.effect(
  Runners.RpcClientProtocol,
  Effect.gen(function*() {
    const serialization = yield* RpcSerialization.RpcSerialization
    return {
      codecFor: serialization.codecFor,
      make: Effect.fnUntraced(function*(address: RunnerAddress.RunnerAddress) {
        const socket = yield* NodeSocket.makeNet({
          host: address.host,
          port: address.port,
          openTimeout: OPEN_LIMIT_MS,
          timeout: IDLE_LIMIT_MS,
          noDelay: true
        })
        return yield* RpcClient.makeProtocolSocket().pipe(
          Effect.provideService(Socket.Socket, socket),
          Effect.provideService(RpcSerialization.RpcSerialization, serialization)
        )
      }, Effect.orDie)
    }
  })
)

/** The server's parts wait for its peers when they close, and a peer may be a process that stands still. */
const CLOSE_LIMIT_MS = 2000

/** Needs a `SqlClient`. `registered` opens when the process may send: wait for it before serving. */
export const layer = (knobs: Knobs, member: Member, registered: Latch.Latch) => {
  const address = RunnerAddress.make(member.host, member.port)
  const listening = GatheringServer.layer({ host: member.listenHost ?? member.host, port: member.port })
  const server = RunnerServer.layer.pipe(Layer.provide(RpcServer.layerProtocolSocketServer))
  const watch = member.holdsShards ? RunnerProbe.layerWatch(address) : Layer.empty
  return Layer.merge(closesWithin(server, CLOSE_LIMIT_MS), watch).pipe(
    Layer.provideMerge(Layer.provideMerge(FairTurns.sharding, Runners.layerRpc)),
    // Listening comes first: whoever is registered is connected to.
    Layer.provide(closesWithin(listening, CLOSE_LIMIT_MS)),
    Layer.provide([layerClientProtocol, RunnerProbe.layerHealth, MessageStorage.layerNoop]),
    Layer.provideMerge(MemberStorage.layer(registered)),
    Layer.provide(RpcSerialization.layerSchemaBinary()),
    Layer.provideMerge(ShardingConfig.layer(together(knobs, member)))
  )
}
