/** A cluster on a database of its own, and an operator at the terminal. */
import { inject } from "@effect/vitest"
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect } from "effect"
import * as program from "./program.ts"

/** No member runs yet. `env` is for members alone: what the operator's own process decides by it shows. */
export const startOperated = Effect.fnUntraced(function*(env: Readonly<Record<string, string>> = {}) {
  const servers = {
    postgresUrl: yield* TestCluster.database(inject("postgresUrl")),
    redisUrl: inject("redisUrl"),
    natsUrl: inject("natsUrl")
  }
  const cluster = yield* LocalCluster.make({ folder: yield* program.folder, servers, env })
  const urls = { DATABASE_URL: servers.postgresUrl, REDIS_URL: servers.redisUrl, NATS_URL: servers.natsUrl }
  const rookery = (...args: ReadonlyArray<string>) => program.run("rookery", args, urls)
  return { cluster, rookery, urls }
})
