import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { type OutboxRow, OutboxStore } from "../src/OutboxStore.ts"
import type { StoreError } from "../src/StoreError.ts"
import * as Database from "./database.ts"

const { people, post } = Database

/** Gives up all claims, as when their holders died long ago. */
const abandonAll = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE outbox SET claimed_until = now()`)
const clear = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`DELETE FROM outbox`)

layer(Database.layer, { excludeTestServices: true })("OutboxStore", (it) => {
  it.effect("gives every abandoned row to exactly one of many claimers, in order", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      yield* Effect.forEach(Array.from({ length: 40 }), () => post(ann!))
      assert.deepStrictEqual(yield* outbox.claim(100, 60_000), [])
      yield* abandonAll
      const claims = yield* Effect.all(Array.from({ length: 8 }, () => outbox.claim(7, 60_000)), { concurrency: "unbounded" })
      const ids = claims.flat().map((row) => row.id)
      assert.strictEqual(new Set(ids).size, ids.length)
      const rest = yield* outbox.claim(100, 60_000)
      assert.strictEqual(ids.length + rest.length, 40)
      for (const claim of claims) assert.deepStrictEqual(claim.map((row) => row.id), claim.map((row) => row.id).sort((a, b) => a < b ? -1 : 1))
      assert.isTrue(claims.flat().every((row) => row.attempts === 1))
      yield* clear
    }))

  it.effect("gives the newest as well as the oldest, so that neither waits for a backlog", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      yield* Effect.forEach(Array.from({ length: 10 }), () => post(ann!))
      yield* abandonAll
      const turns = yield* Effect.forEach([5, 4, 100], (limit) => Effect.map(outbox.claim(limit, 60_000), (rows) => rows.map((row) => row.id)))
      const all = turns.flat().sort((a, b) => a < b ? -1 : 1)
      assert.deepStrictEqual(turns.map((ids) => ids.map((id) => all.indexOf(id))), [[0, 1, 2, 8, 9], [3, 4, 6, 7], [5]])
      yield* clear
    }))

  it.effect("passes over rows that a claimer has not committed yet, without waiting", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      yield* Effect.forEach([1, 2, 3, 4], () => post(ann!))
      yield* abandonAll
      const claimed = yield* Deferred.make<ReadonlyArray<OutboxRow>, StoreError>()
      const release = yield* Deferred.make<void>()
      const slow = yield* Effect.forkChild(sql.withTransaction(
        Effect.andThen(Deferred.into(outbox.claim(2, 60_000), claimed), Deferred.await(release))
      ))
      const first = yield* Deferred.await(claimed)
      const second = yield* Effect.timeout(outbox.claim(10, 60_000), "3 seconds")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(slow)
      assert.deepStrictEqual([first.length, second.length], [2, 2])
      assert.isTrue(first.every((row) => second.every((other) => other.id !== row.id)))
      yield* clear
    }))

  it.effect("keeps progress and renews the claim with it", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      yield* post(ann!)
      yield* abandonAll
      const [row] = yield* outbox.claim(1, 1)
      yield* outbox.progress([{ id: row!.id, progress: Uint8Array.of(0, 5) }], 60_000)
      assert.deepStrictEqual(yield* outbox.claim(1, 1), [])
      assert.deepStrictEqual((yield* outbox.take([row!.id], 60_000))[0]?.progress, Uint8Array.of(0, 5))
      yield* clear
    }))

  it.effect("lets what could not be carried out rest for longer each time, up to a bound", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      yield* Effect.forEach([0, 1, 3, 4, 9_000], (attempts) =>
        Effect.andThen(post(ann!), sql`UPDATE outbox SET attempts = ${attempts} WHERE id = (SELECT max(id) FROM outbox)`))
      const rows = yield* sql<{ id: bigint }>`SELECT id FROM outbox ORDER BY id`
      yield* outbox.giveBack(rows.map(({ id }) => ({ id, progress: Uint8Array.of(5) })), { firstMillis: 100_000, mostMillis: 1_000_000 })
      const rested = yield* sql<{ seconds: number; progress: Uint8Array }>`
        SELECT round(extract(epoch FROM claimed_until - clock_timestamp()) / 100)::int AS seconds, progress FROM outbox ORDER BY id`
      assert.deepStrictEqual(rested.map(({ seconds }) => seconds * 100), [100, 200, 800, 1_000, 1_000])
      assert.isTrue(rested.every(({ progress }) => progress[0] === 5))
      yield* clear
    }))

  it.effect("ends the claims on what the owners in some shards left, and on nobody else's", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const outbox = yield* OutboxStore
      const [ann, bob] = yield* people(2)
      yield* sql`UPDATE accounts SET shard = 7 WHERE id = ${bob!.id}`
      yield* post(ann!)
      const inherited = yield* post(bob!)
      yield* outbox.endClaims([6])
      assert.deepStrictEqual(yield* outbox.claim(10, 60_000), [])
      yield* outbox.endClaims([6, 7])
      const claimed = yield* outbox.claim(10, 60_000)
      assert.deepStrictEqual(claimed.map(({ owner, task }) => [owner, task._tag === "Fanout" && task.postId]), [[bob!.id, inherited.id]])
      yield* clear
    }))

  it.effect("forgets what is done and tells what is not", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      assert.deepStrictEqual(yield* outbox.backlog, { rows: 0, oldestMillis: 0, lowestFanout: undefined })
      const first = yield* post(ann!)
      const second = yield* post(ann!)
      assert.deepInclude(yield* outbox.backlog, { rows: 2, lowestFanout: first.id })
      yield* abandonAll
      const [row] = yield* outbox.claim(1, 60_000)
      yield* outbox.done([row!.id])
      assert.deepInclude(yield* outbox.backlog, { rows: 1, lowestFanout: second.id })
      const [left] = yield* outbox.claim(1, 1_000)
      assert.deepStrictEqual((yield* outbox.take([row!.id, left!.id, row!.id], 1_000)).map((taken) => taken?.id), [undefined, left!.id, undefined])
      yield* clear
    }))
})
