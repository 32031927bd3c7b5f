/** What a runner or a front says when it cannot join. */
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import { migrate } from "@rookery/store/postgres/migrate"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Layer, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { inject } from "vitest"
import * as program from "./program.ts"

const client = (url: string) =>
  PgClient.layerFrom(PgClient.make({ url: Redacted.make(url), maxConnections: 1 })).pipe(Layer.provide(Reactivity.layer))

const database = Effect.suspend(() => TestDatabase.make({
  serverUrl: inject("postgresUrl"),
  template: "members",
  migrate: (url) => Effect.provide(migrate, client(url))
}))

const impatient = { CONNECT_ATTEMPTS_MAX: "2", CONNECT_PAUSE_MILLIS: "50", LOG_FORMAT: "json", PORT: "0" }

describe("a member of a cluster", () => {
  it.live("names the servers that it was not told of", () =>
    Effect.gen(function*() {
      const { code, output } = yield* program.run("rookery", ["runner"], { REDIS_URL: inject("redisUrl") })
      assert.strictEqual(code, 1)
      assert.include(output, "a runner needs DATABASE_URL, NATS_URL to be set")
    }))

  for (const [name, variable, url] of [["Redis", "REDIS_URL", "redis://127.0.0.1:1"], ["NATS", "NATS_URL", "nats://127.0.0.1:1"]] as const) {
    it.live(`waits for ${name}, visibly and with a bound`, () =>
      Effect.scoped(Effect.gen(function*() {
        const urls = { DATABASE_URL: yield* database, REDIS_URL: inject("redisUrl"), NATS_URL: inject("natsUrl") }
        const { code, output } = yield* program.run("rookery", ["runner"], { ...urls, ...impatient, [variable]: url })
        assert.strictEqual(code, 1, output)
        assert.include(output, "a dependency does not answer yet")
        assert.match(output, new RegExp(`rookery: ${name} at 127\\.0\\.0\\.1:1 could not be used in 2 attempts: .*ECONNREFUSED`))
      })), 60_000)
  }

  it.live("refuses a database that was never migrated, or was made with another shard count", () =>
    Effect.scoped(Effect.gen(function*() {
      const empty = yield* TestDatabase.make({ serverUrl: inject("postgresUrl"), template: "empty", migrate: () => Effect.void })
      const urls = { REDIS_URL: inject("redisUrl"), NATS_URL: inject("natsUrl"), ...impatient }
      const unmigrated = yield* program.run("rookery", ["runner"], { DATABASE_URL: empty, ...urls })
      assert.strictEqual(unmigrated.code, 1)
      assert.match(unmigrated.output, /rookery: .*run "npm run rookery -- migrate"/)

      const url = yield* database
      yield* program.run("rookery", ["migrate"], { DATABASE_URL: url })
      const other = yield* program.run("rookery", ["runner"], { DATABASE_URL: url, ...urls, SHARDS_PER_GROUP: "131" })
      assert.strictEqual(other.code, 1)
      assert.match(other.output, /made with shardsPerGroup 127; it cannot be used with shardsPerGroup 131/)
    })), 60_000)

  it.live("does not share a database with a one-process server, in either order", () =>
    Effect.scoped(Effect.gen(function*() {
      const postgresUrl = yield* database
      const one = yield* program.start("one", [], { DATABASE_URL: postgresUrl, ...impatient })
      yield* one.says(/is running at/)
      const cluster = yield* LocalCluster.make({
        folder: yield* program.folder,
        servers: { postgresUrl, redisUrl: inject("redisUrl"), natsUrl: inject("natsUrl") }
      })
      const refused = yield* Effect.flip(cluster.startRunner())
      assert.match(refused.message, /a one-process Rookery serves this database/)
      one.kill("SIGTERM")
      yield* one.ended
      yield* cluster.startRunner()
      const second = yield* program.run("one", [], { DATABASE_URL: postgresUrl, ...impatient })
      assert.strictEqual(second.code, 1)
      assert.match(second.output, /another Rookery serves this database/)
    })), 120_000)
})
