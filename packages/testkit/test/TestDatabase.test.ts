import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import { inject } from "vitest"

const query = (url: string, text: string) =>
  Effect.scoped(Effect.flatMap(PgClient.make({ url: Redacted.make(url) }), (sql) => sql.unsafe(text))).pipe(
    Effect.provide(Reactivity.layer)
  )

const makeMigration = () => {
  const runs = { count: 0 }
  const migrate = (url: string) =>
    Effect.andThen(Effect.sync(() => runs.count++), query(url, "CREATE TABLE greeting (text text NOT NULL)"))
  return { runs, migrate }
}

describe("TestDatabase", () => {
  it.live("gives every test a migrated database of its own and drops it afterwards", () =>
    Effect.gen(function*() {
      const { migrate, runs } = makeMigration()
      const options = { serverUrl: inject("postgresUrl"), template: "greetings", migrate }
      const count = "SELECT count(*)::int AS n FROM greeting"
      const urls = yield* Effect.scoped(Effect.gen(function*() {
        const [one, two] = yield* Effect.all([TestDatabase.make(options), TestDatabase.make(options)], { concurrency: 2 })
        yield* query(one, "INSERT INTO greeting VALUES ('hello')")
        assert.deepStrictEqual(yield* query(one, count), [{ n: 1 }])
        assert.deepStrictEqual(yield* query(two, count), [{ n: 0 }])
        return [one, two]
      }))
      assert.strictEqual(runs.count, 1)
      for (const url of urls) assert.strictEqual((yield* Effect.exit(query(url, "SELECT 1")))._tag, "Failure")
    }))

  it.live("leaves no template behind when the migration fails", () =>
    Effect.gen(function*() {
      const { migrate } = makeMigration()
      const options = { serverUrl: inject("postgresUrl"), template: "failing" }
      const failing = TestDatabase.make({ ...options, migrate: () => Effect.fail("broken migration") })
      assert.strictEqual(yield* Effect.flip(Effect.scoped(failing)), "broken migration")
      yield* Effect.scoped(Effect.flatMap(TestDatabase.make({ ...options, migrate }), (url) =>
        query(url, "SELECT * FROM greeting")))
    }))
})
