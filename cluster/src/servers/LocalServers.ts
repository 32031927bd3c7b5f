/** PostgreSQL, Redis and NATS together under one folder, for the tests and the local cluster. */
import { Effect, type Scope } from "effect"
import { join } from "node:path"
import * as EmbeddedPostgres from "./EmbeddedPostgres.ts"
import * as NatsServer from "./NatsServer.ts"
import * as RedisServer from "./RedisServer.ts"
import type { ServerError } from "./ServerProcess.ts"

export interface LocalServers {
  readonly postgres: EmbeddedPostgres.EmbeddedPostgres
  readonly redis: RedisServer.RedisServer
  readonly nats: NatsServer.NatsServer
}

/** For data that is thrown away: a crash of the machine may lose it. A killed server loses nothing that it confirmed. */
export const UNSAFE_BUT_FAST: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off"
}

/** Starts all three side by side; they stop with the scope. */
export const start = (
  folder: string,
  postgresSettings: Readonly<Record<string, string>> = {}
): Effect.Effect<LocalServers, ServerError, Scope.Scope> =>
  Effect.all({
    postgres: EmbeddedPostgres.start({ folder: join(folder, "postgres"), settings: postgresSettings }),
    redis: RedisServer.start({ folder: join(folder, "redis") }),
    nats: NatsServer.start({ folder: join(folder, "nats") })
  }, { concurrency: "unbounded" })
