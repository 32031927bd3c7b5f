/**
 * Several runners in this process, joined by real sockets and real shard locks, which come and go while a client
 * that is no runner talks to their actors.
 */
import * as BusMemory from "@rookery/bus/memory/BusMemory"
import type { Bus } from "@rookery/bus/Bus"
import * as ClusterSockets from "@rookery/cluster/layers/ClusterSockets"
import { defaultKnobs, type Knobs } from "@rookery/cluster/layers/shardingKnobs"
import { findFreePort } from "@rookery/cluster/local/freePort"
import * as Entities from "@rookery/entities/Entities"
import type { Settings } from "@rookery/entities/Settings"
import * as LocalIds from "@rookery/store/memory/LocalIds"
import type { SnapshotStore } from "@rookery/store/SnapshotStore"
import type { Seeded } from "@rookery/testkit/Seeded"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { type Context, Effect, Exit, Latch, Layer, Scope } from "effect"

export interface Options {
  readonly databaseUrl: string
  readonly snapshots: Layer.Layer<SnapshotStore>
  readonly settings: Partial<Settings>
  readonly entityIdleMillis: number
}

/** Locks that last long compared with a test's hiccups, all else quick. */
const knobsOf = (options: Options): Knobs => ({
  ...defaultKnobs,
  shardsPerGroup: TestCluster.shardsPerGroup,
  entityIdleMillis: options.entityIdleMillis,
  assignmentsMillis: 200,
  pollMillis: 500
})

interface Shared {
  readonly options: Options
  /** What in production are servers of their own. */
  readonly servers: Context.Context<SnapshotStore | Bus>
  /** Ids are minted under a machine of its own in every member. */
  machines: number
}

const member = (shared: Shared, port: number, holdsShards: boolean, registered: Latch.Latch) => {
  const { options } = shared
  return ClusterSockets.layer(knobsOf(options), { host: "127.0.0.1", port, holdsShards }, registered).pipe(
    Layer.provideMerge([
      TestCluster.stores(options.databaseUrl, `fleet ${port}`),
      Layer.succeedContext(shared.servers),
      LocalIds.layer(++shared.machines)
    ])
  )
}

/** Builds a layer of its own, so that nothing is shared with other members. */
const buildAlone = <A, E, R>(layer: Layer.Layer<A, E, R>, scope: Scope.Scope) =>
  Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope)

const startRunner = (shared: Shared) =>
  Effect.gen(function*() {
    const scope = yield* Scope.fork(yield* Effect.scope, "sequential")
    const registered = Latch.makeUnsafe()
    const below = yield* buildAlone(member(shared, yield* findFreePort, true, registered), scope)
    yield* registered.await
    yield* buildAlone(Entities.layer(shared.options.settings), scope).pipe(Effect.provideContext(below))
    return scope
  })

export const make = (options: Options, runners: number) =>
  Effect.gen(function*() {
    const servers = yield* Layer.build(Layer.merge(options.snapshots, BusMemory.layer))
    const shared: Shared = { options, servers, machines: 0 }
    const fleetScope = yield* Effect.scope
    const start = Scope.provide(startRunner(shared), fleetScope)
    const running: Array<Scope.Closeable> = [...yield* Effect.forEach(Array.from({ length: runners }), () => start)]
    const registered = Latch.makeUnsafe()
    const client = yield* buildAlone(member(shared, yield* findFreePort, false, registered), fleetScope)
    yield* registered.await
    let changing = false

    /** Another runner joins, or one of several is stopped in order, or both at once. One change at a time. */
    const change = (random: Seeded): Effect.Effect<void, unknown> => {
      const what = random.pick(running.length < 2 ? ["start"] : running.length > 3 ? ["stop"] : ["start", "stop", "replace"])
      const leaving = random.int(running.length)
      if (changing) return Effect.void
      changing = true
      const stop = Effect.suspend(() => Scope.close(running.splice(leaving % running.length, 1)[0]!, Exit.void))
      const join = Effect.map(start, (scope) => void running.push(scope))
      const changes = what === "start" ? [join] : what === "stop" ? [stop] : [join, stop]
      return Effect.all(changes, { concurrency: "unbounded", discard: true }).pipe(
        Effect.ensuring(Effect.sync(() => (changing = false)))
      )
    }

    return { client, change, runners: () => running.length }
  })
