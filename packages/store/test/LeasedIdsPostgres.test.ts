import { assert, describe, it } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import { IdSource } from "@rookery/store/IdSource"
import * as LeasedIds from "@rookery/store/LeasedIds"
import { LeaseStore } from "@rookery/store/LeaseStore"
import * as Client from "@rookery/store/postgres/client"
import * as LeaseStorePostgres from "@rookery/store/postgres/LeaseStorePostgres"
import { migrate } from "@rookery/store/postgres/migrate"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Context, Effect, Exit, Layer, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"

const settings = (url: string) => ({ url: Redacted.make(url), maxConnections: 2, applicationName: "test" })

const database = TestDatabase.make({
  serverUrl: inject("postgresUrl"),
  template: "leased_ids",
  migrate: (url) => Effect.provide(migrate, Client.operatorLayer(settings(url)))
})

const options = { ...LeasedIds.defaults, block: { first: 10, last: 11 }, process: "test" }

/** A process with a connection pool of its own. */
const open = (url: string, overrides: Partial<LeasedIds.LeasedIdsOptions> = {}) => {
  const store = Layer.effect(LeaseStore, LeaseStorePostgres.make).pipe(Layer.provide(Client.layer(settings(url))))
  const layer = LeasedIds.layer({ ...options, ...overrides }).pipe(Layer.provide(store))
  return Effect.map(Layer.build(layer), (context) => Context.get(context, IdSource))
}

const execute = (url: string, statement: string) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)).pipe(
    Effect.provide(Client.operatorLayer(settings(url)))
  )

const machines = (ids: ReadonlyArray<bigint>) => new Set(ids.map(Snowflake.machineOf))

describe("Leased ids on Postgres", () => {
  it.live("contending processes never share a machine, and a full block refuses the next", () =>
    Effect.gen(function*() {
      const url = yield* database
      const sources = yield* Effect.all([open(url), open(url)], { concurrency: 2 })
      const minted = yield* Effect.forEach(sources, (source) => source.mintMany(20_000), { concurrency: 2 })
      assert.strictEqual(new Set(minted.flat()).size, 40_000)
      assert.deepStrictEqual(minted.map((ids) => machines(ids).size), [1, 1])
      assert.deepStrictEqual([...machines(minted.flat())].sort((a, b) => a - b), [10, 11])
      const third = yield* Effect.flip(Effect.scoped(open(url, { leaseMillis: 500, callMillisMax: 500 })))
      assert.strictEqual(third.reason, "blockFull")
    }).pipe(Effect.scoped))

  it.live("the next holder of a machine mints above all that the last one minted", () =>
    Effect.gen(function*() {
      const url = yield* database
      const block = { first: 10, last: 10 }
      let last = 0n
      for (let holder = 0; holder < 4; holder++) {
        const scope = yield* Scope.make()
        const source = yield* Scope.provide(open(url, { block }), scope)
        const ids = yield* source.mintMany(5_000)
        assert.isTrue(ids[0]! > last)
        last = ids.at(-1)!
        yield* Scope.close(scope, Exit.void)
      }
    }).pipe(Effect.scoped))

  it.live("a process whose machine was taken over while it stood still goes on with another, above its own ids", () =>
    Effect.gen(function*() {
      const url = yield* database
      const source = yield* open(url, { renewMillis: 100, aheadMillis: 200 })
      const before = yield* source.mint
      const own = Snowflake.machineOf(before)
      yield* execute(url, `UPDATE machine_leases SET holder = 'another', high_water = high_water + 500 WHERE machine = ${own}`)
      // It may mint up to what it had reserved; then it learns that the machine is gone.
      const after = yield* source.mint.pipe(
        Effect.repeat({ until: (id) => Snowflake.machineOf(id) !== own }),
        Effect.timeout("5 seconds")
      )
      assert.isTrue(after > before)
    }).pipe(Effect.scoped))
})
