import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import { step } from "../src/postgres/past/past.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"
import { before, packAll } from "./pastWorld.ts"

const words = (text: string) => ({ text, spoiler: "", sensitive: false, language: null })

/** The next step while somebody has changed a post and not yet committed. */
const stepBesideWriter = (id: bigint) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [changed, stepped] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
    const write = sql`UPDATE posts SET sensitive = sensitive WHERE id = ${id}`.pipe(
      Effect.andThen(Deferred.succeed(changed, undefined)),
      Effect.andThen(Deferred.await(stepped)),
      sql.withTransaction
    )
    const writer = yield* Effect.forkChild(write)
    yield* Effect.raceFirst(Deferred.await(changed), Fiber.join(writer))
    const { did } = yield* Effect.ensuring(step(before()), Deferred.succeed(stepped, undefined))
    yield* Fiber.join(writer)
    return did
  })

layer(Database.layer, { excludeTestServices: true, timeout: "60 seconds" })("Packing beside writers", (it) => {
  it.effect("gives way to a writer who has not committed, and goes on later", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann] = yield* Database.people(1)
      const [one, two] = [yield* Database.post(ann!, { text: "one" }), yield* Database.post(ann!, { text: "two" })]
      // For the trigger the month must be free for a moment.
      assert.strictEqual(yield* stepBesideWriter(one.id), "held up")
      assert.strictEqual((yield* step(before())).did, "begun")
      // Copying and building take no notice.
      assert.strictEqual(yield* stepBesideWriter(one.id), "copied")
      assert.strictEqual((yield* step(before())).did, "indexed")
      assert.isDefined(yield* posts.edit(two.id, 1, words("two again")))
      // The swap needs all posts for a moment.
      assert.strictEqual(yield* stepBesideWriter(one.id), "held up")
      assert.strictEqual((yield* step(before())).did, "swapped")
      yield* packAll
      assert.deepStrictEqual((yield* posts.byIds([one.id, two.id])).map((post) => post.text).toSorted(), ["one", "two again"])
    }))

  it.effect("of several who pack at once one does each step", () =>
    Effect.gen(function*() {
      const [ann] = yield* Database.people(1)
      yield* Database.post(ann!)
      const sql = yield* SqlClient.SqlClient
      const did = yield* Effect.scoped(Effect.gen(function*() {
        const other = yield* sql.reserve
        yield* other.executeUnprepared("SELECT pg_advisory_lock(7215030022)", [], undefined)
        const made = yield* step(before())
        yield* other.executeUnprepared("SELECT pg_advisory_unlock(7215030022)", [], undefined)
        return made.did
      }))
      assert.strictEqual(did, "busy")
    }))
})
