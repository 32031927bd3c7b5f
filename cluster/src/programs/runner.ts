/** A runner: holds shards of the cluster and the actors on them. */
import { Bus } from "@rookery/bus/Bus"
import type { Links } from "@rookery/bus/Links"
import { load } from "@rookery/config/Load"
import * as Entities from "@rookery/entities/Entities"
import * as Dependencies from "@rookery/observe/Dependencies"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Discovery from "../layers/Discovery.ts"
import * as GossipWorld from "../layers/GossipWorld.ts"
import * as Housekeeping from "../layers/Housekeeping.ts"
import * as MediaHousekeeping from "../layers/MediaHousekeeping.ts"
import * as Past from "../layers/Past.ts"
import * as OpsServer from "../layers/OpsServer.ts"
import * as derive from "./derive.ts"
import * as member from "./member.ts"

/** What a runner's actors need; it is a member of the cluster by the time that it is asked. */
const readiness = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const bus = yield* Bus
  const snapshots = yield* SnapshotStore
  return Dependencies.make([
    { name: "postgres", probe: sql`SELECT 1` },
    { name: "bus", probe: bus.ping },
    // Windows are loaded from Postgres without them.
    { name: "snapshots", probe: snapshots.ping, isDispensable: true }
  ])
})

export const program = Effect.gen(function*() {
  const configuration = yield* load
  const { host, port } = configuration
  const serve = Effect.fnUntraced(function*(links: Links["Service"] | undefined) {
    const ops = OpsServer.layer({ host, port, readiness: yield* readiness })
    const tables = Layer.mergeAll(Housekeeping.layer(configuration), MediaHousekeeping.layer, Past.layer(configuration), Discovery.layer(configuration))
    const world = yield* GossipWorld.make(configuration, links)
    yield* Layer.build(Layer.mergeAll(Entities.layer(derive.entities(configuration), world), ops, tables))
  })
  yield* member.run(configuration, "runner", serve)
})
