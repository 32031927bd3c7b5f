/** Members of a cluster, each known by the database session that holds its lock. */
import { assert, describe, it } from "@effect/vitest"
import * as Exclusivity from "@rookery/cluster/layers/Exclusivity"
import * as MemberEnds from "@rookery/cluster/layers/MemberEnds"
import * as Client from "@rookery/store/postgres/client"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"

const database = TestDatabase.make({ serverUrl: inject("postgresUrl"), template: "empty", migrate: () => Effect.void })

const join = (url: string, scope: Scope.Scope) => {
  const client = Client.layer({ url: Redacted.make(url), maxConnections: 2, applicationName: "member ends test" })
  return Layer.buildWithScope(Layer.provideMerge(Exclusivity.layer("member", () => Effect.void), Layer.fresh(client)), scope)
}

describe("the end of a member", () => {
  it.live("is missed when it leaves, and when its session is ended, once each; that others come is nothing", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* database
      const own = yield* Effect.scope
      const watcher = yield* join(url, own)
      const here = <A, E>(effect: Effect.Effect<A, E, SqlClient.SqlClient>) => Effect.provideContext(effect, watcher)
      const look = here(MemberEnds.makeLook())
      const guest = yield* Scope.make()
      yield* join(url, guest)
      assert.isFalse(yield* look)
      const before = yield* here(Exclusivity.memberSessions)
      assert.strictEqual(before.size, 2)
      yield* join(url, own)
      assert.isFalse(yield* look)
      yield* Scope.close(guest, Exit.void)
      yield* Effect.repeat(look, { until: (isMissed) => isMissed })
      assert.isFalse(yield* look)
      const third = [...yield* here(Exclusivity.memberSessions)].find((session) => !before.has(session))!
      yield* here(Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT pg_terminate_backend(${Number(third.split(" ")[0])})`))
      yield* Effect.repeat(look, { until: (isMissed) => isMissed })
    })), 20_000)
})
