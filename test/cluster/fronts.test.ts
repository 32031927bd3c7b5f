/** Fronts are members of the cluster without shards: nothing is sent to them, and their requests never meet. */
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as ClusterSockets from "@rookery/cluster/layers/ClusterSockets"
import { defaultKnobs } from "@rookery/cluster/layers/shardingKnobs"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Context, Effect, Latch, Layer, Redacted, Schema } from "effect"
import { Entity, Sharding, Snowflake } from "effect/cluster"
import { Rpc } from "effect/rpc"
import { createServer } from "node:net"
import { inject } from "vitest"

/** Answers what it was asked, after a moment: many requests are in flight at once. */
const Echo = Entity.make("Echo", [Rpc.make("Say", { payload: { text: Schema.String }, success: Schema.String })])
const EchoLive = Echo.toLayer(
  Echo.of({ Say: ({ payload }) => Effect.as(Effect.sleep(5), payload.text) }),
  { concurrency: "unbounded" }
)

const freePort = Effect.callback<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(address !== null && typeof address === "object" ? address.port : 0)))
  })
})

const database = Effect.suspend(() => TestDatabase.make({
  serverUrl: inject("postgresUrl"),
  template: "cluster_members",
  migrate: () => Effect.void
}))

/** Starts a member and waits until it has its machine number. */
const startMember = Effect.fnUntraced(function*(url: string, holdsShards: boolean) {
  const port = yield* freePort
  const registered = Latch.makeUnsafe()
  const sockets = ClusterSockets.layer(defaultKnobs, { host: "127.0.0.1", port, holdsShards }, registered).pipe(
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), maxConnections: 5 }))
  )
  const context = yield* Layer.build(Layer.fresh(holdsShards ? Layer.provideMerge(EchoLive, sockets) : sockets))
  yield* Effect.timeout(registered.await, "10 seconds")
  const sharding = Context.get(context, Sharding.Sharding)
  const say = yield* sharding.makeClient(Echo)
  return { sharding, say, sql: Context.get(context, PgClient.PgClient) }
})

const machineOf = (member: { readonly sharding: Sharding.Sharding["Service"] }) =>
  Effect.map(member.sharding.getSnowflake, Snowflake.machineId)

describe("fronts of one cluster", () => {
  it.live("answer their own requests only, however many run at once", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* database
      yield* startMember(url, true)
      const fronts = yield* Effect.forEach([1, 2, 3, 4], () => startMember(url, false), { concurrency: "unbounded" })
      const machines = yield* Effect.forEach(fronts, machineOf)
      assert.strictEqual(new Set(machines).size, fronts.length)
      // Side by side: in one millisecond every front makes the same times and sequence numbers.
      const rounds = Array.from({ length: 1000 }, (_, n) => fronts.map((front, f) => ({ front, entity: `${n % 50}`, text: `${f}/${n}` })))
      const requests = rounds.flat()
      const answers = yield* Effect.forEach(
        requests,
        ({ entity, front, text }) => front.say(entity).Say({ text }),
        { concurrency: "unbounded" }
      ).pipe(Effect.timeout("20 seconds"))
      assert.deepStrictEqual(answers, requests.map(({ text }) => text))
    })))

  it.live("get machine numbers that no living member has, also after a thousand registrations", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = yield* database
      const runner = yield* startMember(url, true)
      const first = yield* startMember(url, false)
      // The next rows get the numbers of these two members again, one round of 1,024 later.
      yield* runner.sql`SELECT setval('cluster_runners_machine_id_seq', 1024)`
      const later = yield* Effect.forEach([1, 2], () => startMember(url, false))
      const machines = yield* Effect.forEach([runner, first, ...later], machineOf)
      assert.strictEqual(new Set(machines).size, 4, machines.join(" "))
    })))
})
