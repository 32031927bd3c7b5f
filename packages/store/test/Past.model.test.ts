/** Old posts are packed while people edit, delete and like them, and while whoever packs is killed: nobody may notice. */
import { assert, it } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import type { AccountRow } from "../src/AccountStore.ts"
import * as Client from "../src/postgres/client.ts"
import { step } from "../src/postgres/past/past.ts"
import { type EditChange, PostStore } from "../src/PostStore.ts"
import { inject } from "vitest"
import * as Database from "./database.ts"
import { before, packAll } from "./pastWorld.ts"

const seed = Math.floor(Math.random() * 2 ** 32)
const postCount = 60
const writers = 4
const changesEach = 60
/** Of the process that packs, to be killed by. */
const packerName = "past packer"

interface Model {
  readonly id: PostId
  texts: ReadonlyArray<string>
  deleted: boolean
  readonly likes: Set<AccountRow>
}

const words = (text: string): EditChange => ({ text, spoiler: "", sensitive: false, language: null })

/** Each writer has posts of its own: the model needs no order between them. */
const change = (random: Seeded.Seeded, own: ReadonlyArray<Model>, fans: ReadonlyArray<AccountRow>) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const model = random.pick(own)
    const kind = random.weighted({ edit: 5, like: 3, remove: 0.3, read: 4 })
    if (kind === "read" || model.deleted) return yield* agrees(model)
    if (kind === "remove") {
      const removed = yield* posts.remove(model.id)
      assert.isDefined(removed, `${model.id} was there to be deleted`)
      assert.strictEqual(removed.post.text, model.texts.at(-1))
      model.deleted = true
    } else if (kind === "like") {
      const fan = random.pick(fans)
      const liked = !model.likes.has(fan)
      yield* posts.setLikes([{ postId: model.id, account: fan.id, liked }])
      if (liked) model.likes.add(fan)
      else model.likes.delete(fan)
    } else {
      const text = `${random.int(1_000_000)} ${"word ".repeat(random.int(20))}`
      const edited = yield* posts.edit(model.id, model.texts.length, words(text))
      assert.isDefined(edited, `${model.id} was at version ${model.texts.length}`)
      model.texts = [...model.texts, text]
    }
  })

const agrees = (model: Model) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const [found] = yield* posts.byIds([model.id])
    const history = yield* posts.history(model.id)
    if (model.deleted) return assert.deepStrictEqual([found, history], [undefined, []])
    assert.deepInclude(found, { text: model.texts.at(-1)!, version: model.texts.length, likes: model.likes.size })
    assert.isUndefined(found!.absent)
    assert.deepStrictEqual(history.map((entry) => entry.text), model.texts)
  })

/** A pool whose sessions the server ends now and then, as when the process was killed in the middle of a step. */
const killedPacker = (random: Seeded.Seeded, packer: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const main = yield* SqlClient.SqlClient
    const steps = step(before()).pipe(
      Effect.provideService(SqlClient.SqlClient, packer),
      Effect.catchCause(() => Effect.void),
      Effect.andThen(Effect.yieldNow),
      Effect.forever
    )
    const kills = main`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${packerName}`.pipe(
      Effect.andThen(Effect.suspend(() => Effect.sleep(5 + random.int(80)))),
      Effect.repeat({ times: 40 })
    )
    return yield* Effect.raceFirst(steps, kills)
  })

it.live(`nobody notices that posts are packed, nor that the packer is killed (seed ${seed})`, () =>
  Effect.gen(function*() {
    const random = Seeded.make(seed)
    const posts = yield* PostStore
    const fans = yield* Database.people(5)
    const [ann] = yield* Database.people(1)
    const models = yield* Effect.forEach(Array.from({ length: postCount }, (_, i) => i), (i) =>
      Effect.map(Database.post(ann!, { text: `post ${i}` }), ({ id }): Model => ({ id, texts: [`post ${i}`], deleted: false, likes: new Set() })))
    assert.strictEqual((yield* posts.byIds(models.map((model) => model.id))).length, postCount)
    const packing = yield* Effect.forkChild(packInPieces(random.fork()))
    yield* Effect.forEach(Array.from({ length: writers }, (_, i) => i), (i) => {
      const own = models.filter((_, place) => place % writers === i)
      const mine = random.fork()
      return Effect.repeat(Effect.andThen(Effect.sleep(mine.int(10)), change(mine, own, fans)), { times: changesEach })
    }, { concurrency: "unbounded", discard: true })
    yield* Fiber.join(packing)
    yield* packAll
    yield* Effect.forEach(models, agrees)
    const sql = yield* SqlClient.SqlClient
    const [left] = yield* sql<{ packed: bigint; parts: bigint; scaffolding: bigint; loose: bigint }>`
      SELECT (SELECT count(*) FROM posts WHERE content = 2) AS packed, (SELECT count(*) FROM past_parts WHERE live) AS parts,
        (SELECT count(*) FROM pg_class WHERE relname LIKE '%packed') AS scaffolding, (SELECT count(*) FROM past_loose) AS loose`
    assert.deepInclude(left, { parts: 1n, scaffolding: 0n, loose: 0n })
  }).pipe(Effect.provide(Database.layer)), 120_000)

const packInPieces = (random: Seeded.Seeded) =>
  Effect.gen(function*() {
    const main = yield* SqlClient.SqlClient
    const [row] = yield* main<{ name: string }>`SELECT current_database()::text AS name`
    const url = new URL(inject("postgresUrl"))
    url.pathname = `/${row!.name}`
    const pool = Client.layer({ url: Redacted.make(url.href), maxConnections: 3, applicationName: packerName })
    const context = yield* Layer.build(pool)
    const packer = yield* Effect.provideContext(SqlClient.SqlClient, context)
    yield* killedPacker(random, packer)
  }).pipe(Effect.scoped)
