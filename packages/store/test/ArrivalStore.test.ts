import { assert, layer } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Seeded from "@rookery/testkit/Seeded"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import type { AccountRow } from "../src/AccountStore.ts"
import { type Arrival, arrivalKinds, ArrivalStore, type Position } from "../src/ArrivalStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { follow, people } = Database

let minted = 0
/** Ids carry their time here: a stream looks back only so far. */
const newId = () => Snowflake.make(Date.now(), 1, minted++ % 4_096) as PostId

const post = (author: AccountRow, draft: Partial<PostDraft> = {}) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const version = yield* Database.versionOf(author)
    const [result] = yield* posts.publish([{ ...Database.row(author, version, draft), id: newId() }])
    return result!._tag === "Published" ? result!.post : yield* Effect.die(new Error(result!._tag))
  })

const seed = Number(process.hrtime.bigint() & 0xffff_ffn)

/**
 * Other databases of the server have transactions too, and each holds every reader back: waits until those of now
 * are over, for at most 20 s.
 */
const settled = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [now] = yield* sql<{ xid: bigint }>`SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS xid`
  const xmin = Effect.map(
    sql<{ xid: bigint }>`SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid`,
    ([row]) => row!.xid
  )
  const waiting = Effect.repeat(xmin, { until: (xid) => xid >= now!.xid, schedule: Schedule.spaced(10) })
  yield* Effect.timeout(waiting, 20_000)
})

/** Reads on in pages of `limit` until nothing is left. */
const readOn = (account: AccountRow, from: Position, limit = 100) =>
  Effect.gen(function*() {
    const store = yield* ArrivalStore
    const arrivals: Array<Arrival> = []
    let position = from
    for (let more = true; more;) {
      const page = yield* store.after(account.id, position, limit)
      arrivals.push(...page!.arrivals)
      ;({ more, position } = page!)
    }
    return { arrivals, position }
  })

const updates = (arrivals: ReadonlyArray<Arrival>) =>
  arrivals.filter((arrival) => arrival.kind === arrivalKinds.update).map((arrival) => arrival.id)

const like = (by: AccountRow, id: PostId) => Effect.flatMap(PostStore, (posts) => posts.setLikes([{ postId: id, account: by.id, liked: true }]))

layer(Database.layer, { excludeTestServices: true })("ArrivalStore", (it) => {
  it.effect("tells of posts of those one follows, their edits and deletions, and one's notifications", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob, cid] = yield* people(3)
      yield* follow(bob!, ann!)
      const mine = yield* post(bob!)
      yield* settled
      const from = yield* (yield* ArrivalStore).now
      const hers = yield* post(ann!)
      yield* post(cid!)
      yield* post(ann!, { visibility: "direct" })
      yield* posts.edit(hers.id, 1, { text: "better", spoiler: "", sensitive: false, language: null })
      yield* like(cid!, mine.id)
      yield* settled
      const { arrivals, position } = yield* readOn(bob!, from)
      assert.deepStrictEqual(arrivals.map((arrival) => arrival.kind), [1, 3, 4])
      assert.deepStrictEqual(arrivals.slice(0, 2).map((arrival) => arrival.id), [hers.id, hers.id])
      yield* posts.remove(hers.id)
      yield* settled
      const next = yield* readOn(bob!, position)
      assert.deepStrictEqual(next.arrivals.map(({ id, kind }) => ({ id, kind })), [{ id: hers.id, kind: 2 }])
      assert.deepStrictEqual((yield* readOn(bob!, next.position)).arrivals, [])
    }))

  it.effect("waits for a transaction that commits late, and then tells of it once", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [ann, bob] = yield* people(2)
      yield* follow(bob!, ann!)
      yield* settled
      const from = yield* (yield* ArrivalStore).now
      const written = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const late = newId()
      const slow = yield* Effect.forkChild(sql.withTransaction(Effect.gen(function*() {
        yield* sql`INSERT INTO posts (id, author, author_no, visibility) VALUES (${late}, ${ann!.id}, ${ann!.no}, 0)`
        yield* Deferred.succeed(written, undefined)
        yield* Deferred.await(release)
      })))
      yield* Deferred.await(written)
      const early = yield* post(ann!)
      const before = yield* readOn(bob!, from)
      assert.deepStrictEqual(updates(before.arrivals), [], "nothing is told past an open transaction")
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(slow)
      yield* settled
      const { arrivals } = yield* readOn(bob!, before.position)
      assert.deepStrictEqual(updates(arrivals), [late, early.id])
    }))

  it.effect("refuses a position that is too old, or of another database", () =>
    Effect.gen(function*() {
      const store = yield* ArrivalStore
      const [ann] = yield* people(1)
      const now = yield* store.now
      assert.isUndefined(yield* store.after(ann!.id, { ...now, millis: now.millis - 8 * 86_400_000 }, 10))
      assert.isUndefined(yield* store.after(ann!.id, { ...now, transaction: now.transaction + 1_000_000n }, 10))
    }))

  it.effect(`has no gap and no repeat, whoever writes meanwhile and wherever one resumes (seed ${seed})`, () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const [reader, ...authors] = yield* people(5)
      yield* Effect.forEach(authors, (author) => follow(reader!, author))
      let position = yield* (yield* ArrivalStore).now
      const write = (author: AccountRow) =>
        Effect.forEach(Array.from({ length: 10 }), () => post(author), { discard: true })
      const writing = yield* Effect.forkChild(Effect.forEach(authors, write, { concurrency: "unbounded" }))
      const seen: Array<bigint> = []
      const store = yield* ArrivalStore
      while (seen.length < 40) {
        const page = (yield* store.after(reader!.id, position, 1 + random.int(4)))!
        const kept = page.arrivals.slice(0, random.int(page.arrivals.length + 1))
        seen.push(...updates(kept))
        // A client resumes from the last event that it saw, or from the position that an idle stream named.
        position = kept.length < page.arrivals.length ? kept.at(-1)?.position ?? position : page.position
      }
      yield* Fiber.join(writing)
      assert.strictEqual(new Set(seen).size, 40)
    }), 60_000)
})
