/** A runner: holds shards of the cluster and the actors on them. */
import type { Links } from "@rookery/bus/Links"
import { load } from "@rookery/config/Load"
import * as Entities from "@rookery/entities/Entities"
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

export const program = Effect.gen(function*() {
  const configuration = yield* load
  const { host, port } = configuration
  const serve = Effect.fnUntraced(function*(links: Links["Service"] | undefined) {
    const sql = yield* SqlClient.SqlClient
    const ops = OpsServer.layer({ host, port, readiness: Effect.asVoid(sql`SELECT 1`) })
    const tables = Layer.mergeAll(Housekeeping.layer(configuration), MediaHousekeeping.layer, Past.layer(configuration), Discovery.layer(configuration))
    const world = yield* GossipWorld.make(configuration, links)
    yield* Layer.build(Layer.mergeAll(Entities.layer(derive.entities(configuration), world), ops, tables))
  })
  yield* member.run(configuration, "runner", serve)
})
