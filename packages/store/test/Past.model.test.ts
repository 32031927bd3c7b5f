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

const seed = inject("oracleSeed")
const postCount = 60
const writers = 4
const changesBetween = 8
const stepsMax = 200
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
    const kind = random.weighted({ edit: 5, like: 3, remove: 0.1, read: 4 })
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

/** What writers have done so far, and whether there is more for them to do. */
interface Course {
  changes: number
  isPacked: boolean
}

/** Until so many more changes were made; the writers go on while this one packs. */
const moreChanges = (course: Course) => {
  const wanted = course.changes + changesBetween
  return Effect.repeat(Effect.sleep(2), { until: () => course.changes >= wanted })
}

/** As when the process was killed in the middle of a step: its sessions end, and nothing is tidied. */
const kill = Effect.flatMap(SqlClient.SqlClient, (main) =>
  main`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ${packerName}`)

/** Between the steps people change posts; now and then whoever packs is killed within one. Answers the steps that were not. */
const packInPieces = (random: Seeded.Seeded, packer: SqlClient.SqlClient, course: Course) =>
  Effect.gen(function*() {
    const did: Array<string> = []
    for (let i = 0; i < stepsMax && did.at(-1) !== "idle"; i++) {
      const making = yield* Effect.forkChild(Effect.exit(Effect.provideService(step(before()), SqlClient.SqlClient, packer)))
      if (random.chance(0.4)) yield* Effect.andThen(Effect.sleep(random.int(12)), kill)
      const made = yield* Fiber.join(making)
      if (made._tag === "Success") did.push(made.value.did)
      yield* moreChanges(course)
    }
    course.isPacked = true
    return did
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
    const course: Course = { changes: 0, isPacked: false }
    const packing = yield* Effect.forkChild(packInPieces(random.fork(), yield* packerPool, course))
    yield* Effect.forEach(Array.from({ length: writers }, (_, i) => i), (i) => {
      const own = models.filter((_, place) => place % writers === i)
      const mine = random.fork()
      const once = Effect.andThen(change(mine, own, fans), Effect.sync(() => void course.changes++))
      return Effect.repeat(once, { until: () => course.isPacked })
    }, { concurrency: "unbounded", discard: true })
    const did = yield* Fiber.join(packing)
    assert.includeMembers(did, ["swapped", "idle"])
    yield* packAll
    yield* Effect.forEach(models, agrees)
    const sql = yield* SqlClient.SqlClient
    const [left] = yield* sql<{ packed: bigint; parts: bigint; scaffolding: bigint; loose: bigint }>`
      SELECT (SELECT count(*) FROM posts WHERE content = 2) AS packed, (SELECT count(*) FROM past_parts WHERE live) AS parts,
        (SELECT count(*) FROM pg_class WHERE relname LIKE '%packed') AS scaffolding, (SELECT count(*) FROM past_loose) AS loose`
    assert.deepInclude(left, { parts: 1n, scaffolding: 0n, loose: 0n })
  }).pipe(Effect.scoped, Effect.provide(Database.layer)), 120_000)

const packerPool = Effect.gen(function*() {
  const main = yield* SqlClient.SqlClient
  const [row] = yield* main<{ name: string }>`SELECT current_database()::text AS name`
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${row!.name}`
  const context = yield* Layer.build(Client.layer({ url: Redacted.make(url.href), maxConnections: 3, applicationName: packerName }))
  return yield* Effect.provideContext(SqlClient.SqlClient, context)
})
