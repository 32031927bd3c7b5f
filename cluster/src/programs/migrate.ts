/** Brings a database to the schema of this version. */
import { load } from "@rookery/config/Load"
import * as client from "@rookery/store/postgres/client"
import { checkSettings, migrate } from "@rookery/store/postgres/migrate"
import { Console, Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as database from "../admin/database.ts"
import { awaitDependency } from "../layers/awaitDependency.ts"
import * as derive from "./derive.ts"

export const program = Effect.scoped(Effect.gen(function*() {
  const configuration = yield* load
  const found = yield* database.find(configuration)
  yield* on(found.url, derive.patience(configuration), configuration.shardsPerGroup)
  yield* Console.log(`${found.what} is up to date`)
}))

/** Waits for the server, migrates, and checks that the database is one of this shard count. */
export const on = (url: string, patience: ReturnType<typeof derive.patience>, shardsPerGroup: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* awaitDependency({ name: "Postgres", url, probe: sql`SELECT 1`, patience })
    yield* migrate
    yield* checkSettings(shardsPerGroup)
  }).pipe(Effect.provide(client.operatorLayer({ url: Redacted.make(url), applicationName: "rookery migrate" })))
