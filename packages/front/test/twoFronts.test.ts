/** One person on two fronts of one cluster: what is done at one is heard at the other, and streams go on there. */
import { assert, describe, inject, it } from "@effect/vitest"
import type { OAuthStore } from "@rookery/store/OAuthStore"
import type { SqlClient } from "effect/sql"
import * as NoSnapshots from "@rookery/testkit/NoSnapshots"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect } from "effect"
import * as Front from "../src/Front.ts"
import { defaultLimits } from "../src/Settings.ts"
import { type Client, eventually, makeClient } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import * as Streams from "./streams.ts"

const serve = (frontId: string) =>
  Effect.map(
    Front.serve({
      host: "127.0.0.1",
      port: 0,
      publicUrl: "https://rookery.example",
      frontId,
      version: "0.0.0-test",
      title: "Test",
      description: "A front under test",
      contactEmail: "admin@rookery.example",
      registrationsOpen: true,
      passwordGrant: true,
      postCharactersMax: 500,
      limits: defaultLimits
    }),
    ({ host, port }) => makeClient(`http://${host}:${port}`)
  )

/** Runs `use` against two fronts of one runner and a fresh database. */
const withTwo = <E>(use: (one: Client, two: Client) => Effect.Effect<void, E, OAuthStore | SqlClient.SqlClient>) =>
  Effect.scoped(Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    yield* Effect.gen(function*() {
      yield* use(yield* serve("front-1"), yield* serve("front-2"))
    }).pipe(Effect.scoped, Effect.provide(TestCluster.layer({ databaseUrl, snapshots: NoSnapshots.layer })))
  }))

describe("two fronts", () => {
  it.live("tell a person at both of what was done at either, and let a stream go on at the other", () =>
    withTwo((one, two) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* one.signUp("ann"), yield* two.signUp("bob")]
        yield* two.ok("POST", `/api/v1/accounts/${ann.id}/follow`, { token: bob.token })
        const mine = yield* two.post(bob, "mine")
        const sockets = yield* Effect.forEach([one, two], (client) =>
          Streams.socket(client.base, "/api/v1/streaming?stream=user", { token: bob.token }))
        yield* one.ok("POST", `/api/v1/statuses/${mine.id}/favourite`, { token: ann.token })
        for (const socket of sockets) {
          const [told] = yield* Streams.events(socket, "notification", 1)
          assert.strictEqual(JSON.parse(told!.payload).status.id, mine.id)
        }
        const presence = yield* two.ok("GET", "/api/x/presence", { token: bob.token })
        assert.deepStrictEqual(presence.online, [], "Ann has no stream open, and Bob does not follow himself")
        const seen: Array<string> = []
        const expected: Array<string> = []
        let cursor = ""
        for (const [round, client] of [one, two, one].entries()) {
          const reader = yield* Streams.serverSent(client.base, `/api/x/stream?cursor=${cursor}`, bob.token)
          yield* eventually(Effect.sync(() => reader.ended.lastId), (id) => id !== undefined)
          expected.push((yield* client.post(ann, `${round} while Bob reads`)).id)
          const read = Effect.sync(() => [...seen, ...Streams.updatesAfter(reader, mine.id)])
          yield* eventually(read, (ids) => ids.length >= expected.length)
          seen.push(...Streams.updatesAfter(reader, mine.id))
          cursor = reader.ended.lastId!
          reader.close()
          if (round < 2) expected.push((yield* one.post(ann, `${round} while Bob is away`)).id)
        }
        assert.deepStrictEqual(seen, expected)
      }).pipe(Effect.scoped)
    ), 60_000)

  it.live("cut a suspended person off from every open stream at once", () =>
    withTwo((one, two) =>
      Effect.gen(function*() {
        const ann = yield* one.signUp("ann")
        const socket = yield* Streams.socket(one.base, "/api/v1/streaming?stream=user", { token: ann.token })
        const sse = yield* Streams.serverSent(two.base, "/api/v1/streaming/user", ann.token)
        const resumable = yield* Streams.serverSent(two.base, "/api/x/stream", ann.token)
        yield* (yield* Moderators.make(two)).suspend(ann)
        assert.strictEqual((yield* Streams.ended(socket)).code, 1008)
        yield* Streams.ended(sse)
        yield* Streams.ended(resumable)
        for (const client of [one, two]) {
          const again = yield* Effect.flip(Streams.serverSent(client.base, "/api/v1/streaming/user", ann.token))
          assert.include(again.message, "403 {\"error\":\"Your login is currently disabled\"}")
        }
      }).pipe(Effect.scoped)
    ), 60_000)
})
