/** After healing: all agree within a time, and every timeline and counter everywhere is the oracle's over the union. */
import { ContentDesk, idOf } from "@rookery/protocol/ContentDesk"
import * as Contents from "@rookery/protocol/Contents"
import { OutboxStore } from "@rookery/store/OutboxStore"
import type { PostId } from "@rookery/domain/Ids"
import { AccountStore } from "@rookery/store/AccountStore"
import { GossipStore } from "@rookery/store/GossipStore"
import { PostStore } from "@rookery/store/PostStore"
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { newest } from "../../oracle/perform.ts"
import { broken } from "../../oracle/world.ts"
import * as Agree from "./agree.ts"
import type { Datacenter } from "./seas.ts"
import { pairOf, type Person, type Union } from "./union.ts"

const contentsMax = 200
/** A link that was cut is not asked over for a moment. */
const contentMillis = 20_000

const homeOf = (union: Union, account: bigint): Datacenter => union.people.find(({ id }) => id === account)!.home

const isQuiet = (at: Datacenter) =>
  at.run(Effect.gen(function*() {
    const told = yield* (yield* GossipStore).backlog
    const driven = yield* (yield* OutboxStore).backlog
    const [marks] = yield* (yield* SqlClient.SqlClient)<{ n: bigint }>`SELECT count(*) AS n FROM gossip_marks`
    if (told.rows + driven.rows + Number(marks!.n) > 0) yield* broken("what was committed is told and done in time", { at: at.name, told, driven, marks: marks!.n })
  }))

/**
 * Answers after how long, in milliseconds. Tables are read one after the other, so what is repaired meanwhile may be missing from
 * the first and stand in the last: all must agree twice in a row.
 */
export const agreement = (union: Union, withinMillis: number) =>
  Effect.gen(function*() {
    const start = performance.now()
    const once = Effect.andThen(Effect.forEach(union.seas.all, isQuiet, { discard: true }), Agree.check(union.seas))
    yield* Effect.retry(Effect.andThen(once, once), Schedule.upTo(Schedule.spaced("50 millis"), { duration: withinMillis }))
    return performance.now() - start
  })

const has = (at: Datacenter, statement: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<unknown>, unknown>) =>
  at.run(Effect.map(Effect.flatMap(SqlClient.SqlClient, statement), (rows) => rows.length > 0))

/** Takes over what only the writer's home can say; nothing may stand against a block. */
const settle = (union: Union) =>
  Effect.gen(function*() {
    const { contested, locked, oracle, people } = union
    for (const one of people) {
      for (const other of people) {
        if (one === other || !(contested.has(pairOf(one.id, other.id)) || locked.has(other.id))) continue
        const follows = yield* has(one.home, (sql) => sql`SELECT FROM follows WHERE follower = ${one.id} AND followee = ${other.id} AND active`)
        if (follows && Oracle.isBlocked(oracle, one.id, other.id)) yield* broken("a block ends follows both ways (I4)", { one: one.id, other: other.id })
        Oracle.setFollow(oracle, one.id, other.id, follows)
      }
      for (const [id, post] of oracle.posts) {
        if (!contested.has(pairOf(one.id, post.author))) continue
        Oracle.setLike(oracle, one.id, id, yield* has(one.home, (sql) => sql`SELECT FROM likes WHERE account = ${one.id} AND post_id = ${id}`))
      }
    }
  })

const describe = (union: Union, id: bigint) => union.oracle.posts.get(id) ?? id

const walk = (union: Union, reader: Person, random: Seeded) =>
  Effect.gen(function*() {
    const expected = Oracle.home(union.oracle, reader.id)
    const actual: Array<bigint> = []
    for (;;) {
      const limit = 1 + random.int(random.chance(0.3) ? 40 : 7)
      const page = yield* reader.home.life()!.client.home(reader, { ...newest(limit), maxId: actual.at(-1) })
      actual.push(...page.map((post) => post.id))
      if (page.length < limit) break
    }
    const missing = expected.filter((id) => !actual.includes(id)).map((id) => describe(union, id))
    const tooMuch = actual.filter((id) => !expected.includes(id)).map((id) => describe(union, id))
    if (missing.length + tooMuch.length > 0 || String(expected) !== String(actual)) {
      yield* broken("a home timeline is the union's (I2, I7, I8)", { reader: reader.id, at: reader.home.name, missing, tooMuch, expected, actual })
    }
  })

/** What a datacenter keeps of an account's followers, and how it counts them: for whoever reads a failure. */
const edgesOf = (at: Datacenter, id: bigint) =>
  at.run(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return {
      at: at.name,
      author: yield* sql`SELECT followers, followers_elsewhere, statuses, disabled FROM authors WHERE account = ${id}`,
      follows: yield* sql`SELECT follower, active, version FROM follows WHERE followee = ${id} ORDER BY follower`,
      records: yield* sql`SELECT follower, version, active, asked, answer_version, verdict FROM remote_follows WHERE followee = ${id} ORDER BY follower`
    }
  }))

const counters = (union: Union, at: Datacenter) =>
  at.run(Effect.gen(function*() {
    const { oracle, people } = union
    const ids = [...oracle.posts.values()].filter((post) => !post.deleted && post.visibility !== "direct").map((post) => post.id as PostId)
    const posts = yield* (yield* PostStore).byIds(ids.slice(-1_000))
    if (posts.length !== Math.min(ids.length, 1_000)) yield* broken("every post is everywhere (I5)", { at: at.name, expected: ids.length, actual: posts.length })
    for (const { id, likes, replies, reposts } of posts) {
      const [expected, actual] = [Oracle.postCounts(oracle, id), { likes, reposts, replies }]
      if (JSON.stringify(expected) !== JSON.stringify(actual)) yield* broken("a post's counters are its sets (I10)", { at: at.name, id, expected, actual })
    }
    for (const { followers, following, id, statuses } of yield* (yield* AccountStore).byIds(people.map((person) => person.id))) {
      const [expected, actual] = [Oracle.accountCounts(oracle, id), { followers, following, statuses }]
      if (JSON.stringify(expected) === JSON.stringify(actual)) continue
      const edges = yield* Effect.forEach(union.seas.all, (where) => edgesOf(where, id))
      const planned = [...oracle.follows].filter(([, followees]) => followees.has(id)).map(([follower]) => follower)
      yield* broken("an account's counters are its sets (I10)", { at: at.name, id, home: homeOf(union, id).name, expected, actual, planned, edges })
    }
  }))

const later = "contents of posts elsewhere can be had once they are healed"

/** Each post of another home reads, here, as it was last edited there. */
const contents = (union: Union, at: Datacenter) =>
  at.run(Effect.gen(function*() {
    const desk = yield* ContentDesk.client
    const ids = [...union.oracle.posts.values()]
      .filter((post) => !post.deleted && post.visibility !== "direct" && post.repostOf === null && homeOf(union, post.author) !== at)
      .map((post) => post.id as PostId)
    const posts = yield* (yield* PostStore).byIds(ids.slice(-contentsMax))
    yield* Effect.forEach(posts, ({ author, id, version }) =>
      Effect.gen(function*() {
        const answer = yield* desk(idOf(homeOf(union, author).number, id)).Fetch({ wants: Contents.encodeWants([{ id, version }]) })
        const [content] = Contents.decodeAnswer(answer).contents
        const expected = union.oracle.posts.get(id)!.text
        if (content?.text !== expected) yield* broken(`${later}, as last edited`, { at: at.name, id, version, expected, content: content ?? null })
      }).pipe(Effect.retry(Schedule.upTo(Schedule.spaced("200 millis"), { duration: contentMillis }))), { concurrency: 16, discard: true })
  }))

/** Everything, once all agree. */
export const verify = (union: Union, random: Seeded) =>
  Effect.gen(function*() {
    yield* settle(union)
    yield* Effect.forEach(union.people, (reader) => walk(union, reader, random.fork()), { concurrency: 4, discard: true })
    yield* Effect.forEach(union.seas.all, (at) => Effect.andThen(counters(union, at), contents(union, at)), { discard: true })
  })
