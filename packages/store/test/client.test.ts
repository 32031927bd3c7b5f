import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import { operation } from "../src/postgres/statement.ts"
import { StoreError } from "../src/StoreError.ts"
import { layer } from "./database.ts"

/** As a server does that is restarted in the middle of a transaction. */
const hangUp = (sql: SqlClient.SqlClient) => sql`SELECT pg_terminate_backend(pg_backend_pid())`


describe("a transaction whose connection is lost", () => {
  it.live("fails with what its callers may repeat, instead of dying with the rollback", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql.withTransaction(hangUp(sql)))
      assert.isTrue(SqlError.isSqlError(error), String(error))
      assert.instanceOf(yield* Effect.flip(operation("test", sql.withTransaction(hangUp(sql)))), StoreError)
    }).pipe(Effect.provide(layer)))

  it.live("fails so too when it was undoing for another reason", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(Effect.ignore(hangUp(sql)), Effect.fail("refused"))))
      assert.isTrue(SqlError.isSqlError(error), String(error))
    }).pipe(Effect.provide(layer)))

  it.live("leaves a pool that serves the next", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.flip(sql.withTransaction(hangUp(sql)))
      assert.deepStrictEqual(yield* sql.withTransaction(sql`SELECT 1 AS one`), [{ one: 1 }])
    }).pipe(Effect.provide(layer)))

  it.live("lets other defects be defects", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const exit = yield* Effect.exit(sql.withTransaction(Effect.die("a mistake")))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }).pipe(Effect.provide(layer)))
})
