import { assert, describe, it, layer } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import * as Client from "../src/postgres/client.ts"
import { checkMember, checkSettings, migrate, recordAgreed } from "../src/postgres/migrate.ts"
import ends from "../src/postgres/migrations/0030_ends.ts"
import { kind } from "../src/postgres/notices.ts"
import { ensurePartitions } from "../src/postgres/partitions.ts"
import { sweep } from "../src/postgres/sweep.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const empty = { serverUrl: inject("postgresUrl"), template: "empty", migrate: () => Effect.void }

const partitions = Effect.flatMap(SqlClient.SqlClient, (sql) => sql<{ name: string }>`
  SELECT relname::text AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
  WHERE inhparent = 'posts'::regclass ORDER BY 1`)

describe("migrate", () => {
  it.live("is run once by processes that start together, and does nothing when repeated", () =>
    Effect.scoped(Effect.gen(function*() {
      const url = Redacted.make(yield* TestDatabase.make(empty))
      const client = () => Client.operatorLayer({ url, applicationName: "migrate test" })
      const runs = Array.from({ length: 4 }, () => Effect.provide(migrate, client()))
      const completed = yield* Effect.all(runs, { concurrency: "unbounded" })
      assert.strictEqual(completed.filter((migrations) => migrations.length > 0).length, 1)
      assert.deepStrictEqual(yield* Effect.provide(migrate, client()), [])
    })))
})

layer(Database.layer, { excludeTestServices: true })("a migrated database", (it) => {
  it.effect("keeps the shard count that it was made with", () =>
    Effect.gen(function*() {
      yield* checkSettings(127)
      yield* checkSettings(127)
      const error = yield* Effect.flip(checkSettings(131))
      assert.include(error.message, "shardsPerGroup 127")
    }))

  it.effect("keeps what its members were told first, until none of them runs", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const lock = 4_711n
      yield* checkMember({ REFRESH: 2_000, EXPIRATION: 6_000 })
      yield* checkMember({ REFRESH: 2_000, EXPIRATION: 6_000 })
      const error = yield* Effect.flip(checkMember({ REFRESH: 2_000, EXPIRATION: 3_000 }))
      assert.include(error.message, "run with EXPIRATION 6000, this one was given 3000: give it the same, or change it for all")
      yield* Effect.scoped(Effect.gen(function*() {
        const member = yield* sql.reserve
        yield* member.executeRaw(`SELECT pg_advisory_lock_shared(${lock})`, [])
        assert.include((yield* Effect.flip(recordAgreed({ EXPIRATION: 3_000 }, lock))).message, "stop every member")
        yield* recordAgreed({ EXPIRATION: 6_000 }, lock)
        yield* member.executeRaw(`SELECT pg_advisory_unlock_shared(${lock})`, [])
      }))
      yield* recordAgreed({ EXPIRATION: 3_000 }, lock)
      yield* checkMember({ REFRESH: 2_000, EXPIRATION: 3_000 })
    }))

  it.effect("holds posts of any time, and puts those of the tail into months when these come", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const posts = yield* PostStore
      const [ann] = yield* Database.people(1)
      const ids = [0, 1, 24, 120].map((months) => {
        const now = new Date()
        const at = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 15)
        return Snowflake.make(at, 1, 1) as PostId
      })
      const rows = ids.map((id) => ({ ...Database.row(ann!, 1), id }))
      assert.isTrue((yield* posts.publish(rows)).every((result) => result._tag === "Published"))
      const months = (yield* partitions).map((row) => row.name).filter((name) => /[0-9]{6}$/.test(name))
      assert.strictEqual(months.length, 2)
      // As if a month had passed that nobody had made a partition for: it, and what was in them, are in the tail.
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM posts`
        for (const name of [...months.slice(1), "posts_tail"]) yield* sql.unsafe(`DROP TABLE ${name}`)
        const above = Snowflake.floorAt(Date.UTC(Number(months[1]!.slice(6, 10)), Number(months[1]!.slice(10)) - 1, 1))
        yield* sql.unsafe(`CREATE TABLE posts_tail PARTITION OF posts FOR VALUES FROM (${above}) TO (MAXVALUE)`)
        yield* sql`INSERT INTO posts SELECT * FROM kept ON CONFLICT DO NOTHING`
      }))
      const before = (yield* partitions).map((row) => row.name)
      assert.notInclude(before, months[1])
      yield* Effect.all([ensurePartitions, ensurePartitions], { concurrency: 2 })
      assert.includeMembers((yield* partitions).map((row) => row.name), months)
      assert.sameMembers((yield* posts.byIds(ids)).map((post) => post.id), ids)
      const tail = yield* sql<{ id: bigint }>`SELECT id FROM posts_tail ORDER BY id`
      assert.deepStrictEqual(tail.map((row) => row.id), ids.slice(2))
    }))

  it.effect("ends requests that were left beside a follow, with their notices, and no others", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [ann, bob, eve] = yield* Database.people(3)
      yield* Database.follow(bob!, ann!)
      for (const one of [bob!, eve!]) {
        yield* sql`
          INSERT INTO follow_requests (account, target, account_no, target_no, reblogs, notify)
          VALUES (${one.id}, ${ann!.id}, ${one.no}, ${ann!.no}, true, false)`
        yield* sql`INSERT INTO notifications (account, kind, from_account) VALUES (${ann!.id}, ${kind.followRequest}, ${one.id})`
      }
      yield* ends
      const requests = yield* sql`SELECT account FROM follow_requests WHERE target = ${ann!.id}`
      const notices = yield* sql`SELECT from_account AS account FROM notifications WHERE account = ${ann!.id} AND kind = ${kind.followRequest}`
      assert.deepStrictEqual([requests, notices], [[{ account: eve!.id }], [{ account: eve!.id }]])
    }))

  it.effect("forgets request keys after a day and ends deletions that were cut short", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const posts = yield* PostStore
      const [ann, bob] = yield* Database.people(2)
      const fresh = { ...Database.row(ann!, 1), id: Snowflake.make(Date.now(), 1, 2) as PostId }
      yield* posts.publish([fresh])
      const wrapper = yield* Database.post(bob!, { repostOf: fresh.id })
      yield* sql`UPDATE posts SET deleted_at = now() WHERE id = ${fresh.id}`
      const swept = yield* sweep({ notificationDays: 90 })
      assert.isAtLeast(swept.keys, 1)
      assert.strictEqual(swept.wrappers, 1)
      assert.deepStrictEqual(yield* posts.byIds([wrapper.id]), [])
      const keys = yield* sql<{ postId: bigint }>`SELECT post_id AS "postId" FROM write_keys WHERE account = ${ann!.id}`
      assert.deepStrictEqual(keys, [{ postId: fresh.id }])
    }))
})
