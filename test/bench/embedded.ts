/** A Postgres of a bench's own, as it is by default: every commit is on the disk. */
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import * as Client from "@rookery/store/postgres/client"
import { migrate } from "@rookery/store/postgres/migrate"
import { Effect, Redacted } from "effect"
import { join } from "node:path"
import { temporaryFolder } from "./harness/temporaryFolder.ts"

/** Migrated; gone with the scope. Answers the pool's layer. */
export const database = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const postgres = yield* EmbeddedPostgres.start({ folder: join(folder, "postgres") })
  const settings = { url: Redacted.make(postgres.url), maxConnections: 8, applicationName: "bench" }
  yield* Effect.provide(migrate, Client.operatorLayer(settings))
  return Client.layer(settings)
})
