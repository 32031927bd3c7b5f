/** The stores and the source of ids for an operator's command, on whichever database it is about. */
import { type Configuration, load } from "@rookery/config/Load"
import * as Logs from "@rookery/observe/Logs"
import * as LeasedIds from "@rookery/store/LeasedIds"
import * as client from "@rookery/store/postgres/client"
import * as postgres from "@rookery/store/postgres/layer"
import { checkSettings, migrate } from "@rookery/store/postgres/migrate"
import { Effect, Latch, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { awaitDependency } from "../layers/awaitDependency.ts"
import * as ClusterSockets from "../layers/ClusterSockets.ts"
import * as LocalSharding from "../layers/LocalSharding.ts"
import { requireSchema } from "../layers/Storage.ts"
import { findFreePort } from "../local/freePort.ts"
import * as derive from "../programs/derive.ts"
import * as database from "./database.ts"
import { isatty } from "node:tty"

const NAME = "rookery cli"

/** The database that the command is about; started if it must be. */
const layerDatabase = Layer.unwrap(Effect.gen(function*() {
  const configuration = yield* load
  const found = yield* database.find(configuration)
  // Without bounds in time: imports take long, and their plans need the sizes of what they are given.
  const pool = client.operatorLayer({ url: Redacted.make(found.url), applicationName: NAME })
  const ready = Layer.effectDiscard(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* awaitDependency({ name: "Postgres", url: found.url, probe: sql`SELECT 1`, patience: derive.patience(configuration) })
    // What is ours alone is brought up to date by whoever comes first; others' databases only by "migrate".
    if (found.isOurs) yield* migrate
    else yield* requireSchema
    yield* checkSettings(configuration.shardsPerGroup)
  }))
  return Layer.provideMerge(ready, pool)
}))

const layerIds = (configuration: Configuration) =>
  LeasedIds.layer({ ...LeasedIds.defaults, block: configuration.machines, process: NAME })

/** Ids are leased only for commands that mint some: a lease takes a moment, and a machine number. */
const layerWithIds = Layer.unwrap(Effect.map(load, (configuration) =>
  Layer.merge(LocalSharding.layer(derive.knobs(configuration)), layerIds(configuration)).pipe(
    Layer.provideMerge(postgres.layer)
  ))).pipe(Layer.provideMerge(layerDatabase))

const layerStores = Layer.provideMerge(postgres.layer, layerDatabase)

/** Commands show what they did themselves: of the log only what needs attention. */
const layerLogs = Logs.layer({ format: "pretty", level: "Warn", isTerminal: isatty(2) })

export const withStores = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, layerStores).pipe(Effect.provide(layerLogs))

export const withIds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, layerWithIds).pipe(Effect.provide(layerLogs))

/** Joins the cluster without shards, to speak to its actors. Needs the database around. */
export const asMember = (configuration: Configuration) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(findFreePort, (port) => {
    const registered = Latch.makeUnsafe()
    // Nobody connects to it: members answer on the connection that they are asked on.
    const member = { host: "127.0.0.1", port, holdsShards: false }
    return Effect.andThen(Effect.timeout(registered.await, "15 seconds"), effect).pipe(
      Effect.provide(ClusterSockets.layer(derive.knobs(configuration), member, registered))
    )
  })
