/** Brings a database to the schema of this version. */
import { load } from "@rookery/config/Load"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as client from "@rookery/store/postgres/client"
import * as Gossip from "@rookery/store/postgres/gossip/GossipStorePostgres"
import { checkSettings, migrate, recordAgreed } from "@rookery/store/postgres/migrate"
import { Console, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as database from "../admin/database.ts"
import { awaitDependency } from "../layers/awaitDependency.ts"
import * as Exclusivity from "../layers/Exclusivity.ts"
import * as derive from "./derive.ts"

export const program = Effect.scoped(Effect.gen(function*() {
  const configuration = yield* load
  const found = yield* database.find(configuration)
  yield* on(found.url, derive.patience(configuration), configuration.shardsPerGroup, Effect.andThen(
    recordAgreed(derive.agreed(configuration), Exclusivity.LOCK),
    Datacenters.isSingle(configuration.world) ? Effect.void : Gossip.enable(configuration.world)
  ))
  yield* Console.log(`${found.what} is up to date`)
}))

/** Waits for the server, migrates, checks that the database is one of this shard count, and does `more`. */
export const on = <E = never>(
  url: string,
  patience: ReturnType<typeof derive.patience>,
  shardsPerGroup: number,
  more: Effect.Effect<void, E, SqlClient.SqlClient> = Effect.void
) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* awaitDependency({ name: "Postgres", url, probe: sql`SELECT 1`, patience })
    yield* migrate
    yield* checkSettings(shardsPerGroup)
    yield* more
  }).pipe(Effect.provide(client.operatorLayer({ url: Redacted.make(url), applicationName: "rookery migrate" })))
