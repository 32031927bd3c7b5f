import { assert, layer } from "@effect/vitest"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { type AccountRow, AccountStore } from "../src/AccountStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { attempt, follow, people, post, row } = Database

const one = Effect.map(people(1), ([person]) => person!)

layer(Database.layer, { excludeTestServices: true })("PostStore.publish", (it) => {
  it.effect("commits posts of many authors with one version bump each, claimed outbox rows and status counts", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const results = yield* posts.publish([row(ann!, 1), row(bob!, 1), row(ann!, 1, { text: "second" })])
      assert.deepStrictEqual(results.map((result) => result._tag), ["Published", "Published", "Published"])
      assert.deepStrictEqual(results.map((result) => result._tag === "Published" && result.author.version), [2, 2, 2])
      const published = results.flatMap((result) => result._tag === "Published" ? [result] : [])
      const found = yield* posts.byIds(published.map((result) => result.post.id))
      assert.sameDeepMembers([...found], published.map((result) => result.post))
      const accounts = yield* AccountStore
      const rows = yield* accounts.byIds([ann!.id, bob!.id])
      assert.sameMembers(rows.map((account) => account.statuses), [2, 1])
      const outbox = yield* OutboxStore
      const claimed = (yield* outbox.claim(100, 1_000)).filter((task) => task.owner === ann!.id)
      assert.deepStrictEqual(claimed, [])
      const [taken] = yield* outbox.take([published[0]!.outboxId], 1_000)
      assert.deepStrictEqual(taken?.task, {
        _tag: "Fanout",
        postId: published[0]!.post.id,
        replyTo: null,
        repostOf: null,
        visibility: 0
      })
    }))

  it.effect("answers a used key with what it made, before anything else", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const ann = yield* one
      const [first] = yield* posts.publish([row(ann, 1, { text: "first" }, "same")])
      const [stale] = yield* posts.publish([row(ann, 1, { text: "again" }, "same")])
      assert.isTrue(first?._tag === "Published" && stale?._tag === "Repeated")
      if (first?._tag === "Published" && stale?._tag === "Repeated") assert.deepStrictEqual(stale.post, first.post)
    }))

  it.effect("commits one of two rows with one key in a batch", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const ann = yield* one
      const results = yield* posts.publish([row(ann, 1, {}, "twice"), row(ann, 1, {}, "twice"), row(ann, 1)])
      assert.deepStrictEqual(results.map((result) => result._tag), ["Published", "Repeated", "Published"])
    }))

  it.effect("lets exactly one of many concurrent publishers use a key", () =>
    Effect.gen(function*() {
      const ann = yield* one
      const attempts = Array.from({ length: 20 }, (_, i) => attempt(ann, { text: `${i}` }, "contended"))
      const results = yield* Effect.all(attempts, { concurrency: "unbounded" })
      assert.strictEqual(results.filter((result) => result._tag === "Published").length, 1)
      const made = new Set(results.map((result) =>
        result._tag === "Published" || result._tag === "Repeated" ? result.post.id : result._tag))
      assert.strictEqual(made.size, 1)
    }))

  it.effect("commits for an actor that knows no version on the one that is there, and tells it the row", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const ann = yield* one
      yield* post(ann)
      const [first, second] = yield* posts.publish([row(ann, undefined, {}, "a"), row(ann, undefined, {}, "b")])
      const known = yield* Effect.flatMap(AuthorStore, (authors) => authors.load(ann.id))
      assert.isTrue(first?._tag === "Published" && second?._tag === "Published")
      if (first?._tag === "Published") assert.deepStrictEqual(first.author, known)
      if (second?._tag === "Published") assert.deepStrictEqual([second.post.authorNo, known?.version], [ann.no, 3])
      const [again, disabled] = yield* posts.publish([row(ann, undefined, {}, "a"), row({ ...ann, id: 5n as AccountId }, undefined)])
      assert.deepStrictEqual([again?._tag, disabled?._tag], ["Repeated", "Unknown"])
    }))

  it.effect("lets no two owners that know no version commit one key, nor lose a post between them", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const ann = yield* one
      const owner = (key: string) =>
        posts.publish([row(ann, undefined, {}, key)]).pipe(
          Effect.repeat({ while: ([result]) => result?._tag === "Stale" }),
          Effect.map(([result]) => result?._tag === "Published" || result?._tag === "Repeated" ? result.post.id : result?._tag)
        )
      const keys = Array.from({ length: 16 }, (_, i) => `key ${i % 8}`)
      const made = yield* Effect.forEach(keys, owner, { concurrency: "unbounded" })
      assert.deepStrictEqual(made.slice(0, 8), made.slice(8))
      assert.strictEqual(new Set(made).size, 8)
      const known = yield* Effect.flatMap(AuthorStore, (authors) => authors.load(ann.id))
      assert.strictEqual(known?.version, 9)
    }))

  it.effect("refuses a stale version and an unknown or suspended author, and commits the others", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob, cleo] = yield* people(3)
      yield* post(ann!)
      yield* Database.suspend(bob!)
      const nobody = { ...ann!, id: 5n as AccountId }
      const results = yield* posts.publish([row(ann!, 1), row(bob!, 1), row(cleo!, 1), row(nobody, 1)])
      assert.deepStrictEqual(results.map((result) => result._tag), ["Stale", "Unknown", "Published", "Unknown"])
    }))

  it.effect("stores what Postgres cannot: a text with U+0000 loses only that", () =>
    Effect.gen(function*() {
      const ann = yield* one
      assert.strictEqual((yield* post(ann, { text: "a\u0000b" })).text, "ab")
    }))

  it.effect("counts replies, also to a post inside a wrapper", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!)
      const wrapper = yield* post(bob!, { repostOf: root.id })
      const reply = yield* post(bob!, { replyTo: wrapper.id })
      assert.deepStrictEqual([reply.replyTo, reply.replyToAuthor], [root.id, ann!.id])
      const [found] = yield* posts.byIds([root.id])
      assert.deepStrictEqual([found?.replies, found?.reposts, found?.likes], [1, 1, 0])
    }))

  it.effect("answers an existing wrapper, also when the wrapper itself is reposted", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!)
      const wrapper = yield* post(bob!, { repostOf: root.id, text: "dropped" })
      assert.deepStrictEqual([wrapper.text, wrapper.repostOf], ["", root.id])
      for (const named of [root.id, wrapper.id]) {
        const again = yield* attempt(bob!, { repostOf: named })
        assert.isTrue(again._tag === "Repeated" && again.post.id === wrapper.id)
      }
      const both = yield* posts.publish([root.id, wrapper.id].map((named) => row(ann!, 2, { repostOf: named })))
      assert.deepStrictEqual(both.map((result) => result._tag), ["Published", "Repeated"])
      assert.strictEqual((yield* posts.byIds([root.id]))[0]?.reposts, 2)
      assert.strictEqual(yield* posts.repostBy(bob!.id, root.id), wrapper.id)
    }))

  it.effect("finds no deleted, unknown or invisible target", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob, fan] = yield* people(3)
      yield* follow(fan!, ann!)
      const gone = yield* post(ann!)
      yield* posts.remove(gone.id)
      const followersOnly = yield* post(ann!, { visibility: "private" })
      const direct = yield* post(ann!, { visibility: "direct" })
      const tagOf = (author: AccountRow | undefined, named: Partial<Record<"replyTo" | "repostOf", PostId>>) =>
        Effect.map(attempt(author!, named), (result) => result._tag)
      for (const id of [gone.id, 7n as PostId, followersOnly.id, direct.id]) {
        assert.strictEqual(yield* tagOf(bob, { replyTo: id }), "NotFound")
        assert.strictEqual(yield* tagOf(bob, { repostOf: id }), "NotFound")
      }
      assert.strictEqual(yield* tagOf(fan, { replyTo: followersOnly.id }), "Published")
      assert.strictEqual(yield* tagOf(fan, { repostOf: followersOnly.id }), "NotFound")
      assert.strictEqual(yield* tagOf(ann, { repostOf: followersOnly.id }), "Published")
      assert.strictEqual(yield* tagOf(ann, { replyTo: direct.id }), "Published")
      assert.strictEqual(yield* tagOf(ann, { repostOf: direct.id }), "NotFound")
      const mixed = yield* posts.publish([
        row(bob!, 1),
        row(bob!, 1, { replyTo: gone.id })
      ])
      assert.deepStrictEqual(mixed.map((result) => result._tag), ["Published", "NotFound"])
    }))

  it.effect("waits for a delete that is under way, and then finds nothing to repost", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!)
      const deleted = yield* Deferred.make<void>()
      const isBlocked = Effect.andThen(
        sql`SELECT pg_stat_clear_snapshot()`,
        sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
      )
      const repost = yield* Effect.forkChild(Effect.andThen(Deferred.await(deleted), attempt(bob!, { repostOf: root.id })))
      yield* sql.withTransaction(Effect.gen(function*() {
        yield* sql`UPDATE posts SET deleted_at = now() WHERE id = ${root.id}`
        yield* Deferred.succeed(deleted, undefined)
        yield* Effect.repeat(isBlocked, { until: (rows) => rows.length > 0, schedule: Schedule.spaced("10 millis") }).pipe(
          Effect.timeout("5 seconds")
        )
      }))
      assert.strictEqual((yield* Fiber.join(repost))._tag, "NotFound")
      assert.isUndefined(yield* posts.repostBy(bob!.id, root.id))
    }))

  it.effect("counts exactly when many batches reply to and repost the same posts at once", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, ...others] = yield* people(17)
      const roots = yield* Effect.forEach([1, 2, 3, 4], () => post(ann!))
      const batches = others.map((author, i) => {
        const order = i % 2 === 0 ? roots : roots.toReversed()
        return posts.publish(order.flatMap((root) => [
          row(author, 1, { replyTo: root.id }),
          row(author, 1, { repostOf: root.id })
        ]))
      })
      const results = yield* Effect.all(batches, { concurrency: "unbounded" })
      assert.isTrue(results.flat().every((result) => result._tag === "Published"))
      for (const root of yield* posts.byIds(roots.map((root) => root.id))) {
        assert.deepStrictEqual([root.replies, root.reposts], [16, 16])
      }
    }))
})

