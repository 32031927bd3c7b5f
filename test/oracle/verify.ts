/** Once nothing is on its way any more: every page of every timeline and every counter is what the oracle says. */
import type { Mode } from "@rookery/domain/FanoutMode"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Seeded } from "@rookery/testkit/Seeded"
import * as Oracle from "@rookery/testkit/Oracle"
import { AccountStore } from "@rookery/store/AccountStore"
import { OutboxStore } from "@rookery/store/OutboxStore"
import { PostStore } from "@rookery/store/PostStore"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, Schedule } from "effect"
import { readKinds } from "./plan.ts"
import { newest, queryOf } from "./perform.ts"
import { broken, readPage, type Someone, type World } from "./world.ts"

/** Waits until the outbox is empty; a row that stays is an error. */
export const quiesce = (withinMillis: number) =>
  Effect.gen(function*() {
    const { rows } = yield* (yield* OutboxStore).backlog
    if (rows > 0) return yield* broken("what was committed is done in time (I1)", { rows, withinMillis })
  }).pipe(Effect.retry({ schedule: Schedule.upTo(Schedule.spaced("20 millis"), { duration: withinMillis }) }))

const same = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((item, n) => item === b[n])

/** What of `expected` is missing and what is there too much, with what the oracle knows of it. */
const difference = (world: World, expected: ReadonlyArray<bigint>, actual: ReadonlyArray<bigint>) => ({
  missing: expected.filter((id) => !actual.includes(id)).map((id) => world.oracle.posts.get(id)),
  tooMuch: actual.filter((id) => !expected.includes(id)).map((id) => world.oracle.posts.get(id) ?? id),
  expected,
  actual
})

/** Walks down from the newest in pages of random size. */
const walk = (world: World, reader: Someone, random: Seeded) =>
  Effect.gen(function*() {
    const expected = Oracle.home(world.oracle, reader.id)
    const actual: Array<bigint> = []
    const limits: Array<number> = []
    while (true) {
      const limit = 1 + random.int(random.chance(0.3) ? 40 : 7)
      limits.push(limit)
      const page = yield* readPage(world, reader, { ...newest(limit), maxId: actual.at(-1) })
      actual.push(...page.map((post) => post.id))
      if (page.length < limit) break
    }
    if (!same(expected, actual)) {
      yield* broken("a home timeline is the oracle's (I8)", { reader: reader.id, limits, ...difference(world, expected, actual) })
    }
    for (const post of yield* world.client.hydrate(actual.map((id) => ({ id, authorNo: 0 })))) {
      const text = world.oracle.posts.get(post.id)!.text
      if (post.text !== text) yield* broken("a post reads as last edited", { id: post.id, expected: text, actual: post.text })
    }
  })

/** Also without a front's rules: nothing of anybody hidden is in a window, or below it. */
const skeletonIsClean = (world: World, reader: Someone) =>
  Effect.gen(function*() {
    const hidden = new Set(world.people.filter((person) => Oracle.isHidden(world.oracle, reader.id, person.id)).map((person) => person.no))
    const entries = yield* world.client.skeleton(reader, newest(40))
    const found = entries.filter((entry) => hidden.has(entry.authorNo))
    if (found.length > 0) yield* broken("a window holds nobody who is hidden (I4)", { reader: reader.id, found })
  })

/** Single pages from anywhere, by every kind of bound. */
const pages = (world: World, reader: Someone, random: Seeded) =>
  Effect.forEach(readKinds, (kind) =>
    Effect.gen(function*() {
      const timeline = Oracle.home(world.oracle, reader.id)
      const query = queryOf(timeline, kind, 1 + random.int(12), random.next())
      const expected = Oracle.page(timeline, query)
      const actual = (yield* readPage(world, reader, query)).map((post) => post.id as bigint)
      if (!same(expected, actual)) {
        yield* broken("a page is the oracle's (I7)", { reader: reader.id, query, ...difference(world, expected, actual) })
      }
    }), { discard: true })

const authorTimelines = (world: World, author: Someone, random: Seeded) =>
  Effect.gen(function*() {
    const view = { excludeReplies: random.chance(0.5), excludeReposts: random.chance(0.5), includePrivate: random.chance(0.5) }
    const timeline = Oracle.authorTimeline(world.oracle, author.id, view)
    const query = queryOf(timeline, random.pick(readKinds), 1 + random.int(12), random.next())
    // Reposts of deleted posts are for the front to drop: ask for enough to be left with a page.
    const found = yield* (yield* TimelineStore).authorPage(author.id, { ...query, ...view, limit: 1_000 })
    const shown = yield* world.client.hydrate(found.map((id) => ({ id, authorNo: 0 })))
    const expected = Oracle.page(timeline, { ...query, limit: 1_000 })
    const actual = shown.map((post) => post.id as bigint)
    if (!same(expected, actual)) {
      yield* broken("an author's timeline is the oracle's (I8)", { author: author.id, view, query, ...difference(world, expected, actual) })
    }
  })

const counters = (world: World) =>
  Effect.gen(function*() {
    const ids = [...world.oracle.posts.values()].filter((post) => !post.deleted).map((post) => post.id as PostId)
    const posts = yield* (yield* PostStore).byIds(ids.slice(-1_000))
    for (const { id, likes, replies, reposts } of posts) {
      const expected = Oracle.postCounts(world.oracle, id)
      if (likes !== expected.likes || replies !== expected.replies || reposts !== expected.reposts) {
        yield* broken("a post's counters are its sets (I10)", { id, expected, actual: { likes, replies, reposts } })
      }
    }
    const accounts = yield* (yield* AccountStore).byIds(world.people.map((person): AccountId => person.id))
    for (const { followers, following, id, statuses } of accounts) {
      const expected = Oracle.accountCounts(world.oracle, id)
      if (followers !== expected.followers || following !== expected.following || statuses !== expected.statuses) {
        yield* broken("an account's counters are its sets (I10)", { id, expected, actual: { followers, following, statuses } })
      }
    }
  })

/** The ways an author may be fanned out now: none of them between two. */
const modesOf = (world: World, author: Someone): ReadonlyArray<Mode> => {
  const override = world.overrides.get(author.id) ?? "auto"
  if (override !== "auto") return [override]
  const { followers } = Oracle.accountCounts(world.oracle, author.id)
  const { demoteShare, promoteAt } = world.threshold
  return followers >= promoteAt ? ["pull"] : followers < promoteAt * demoteShare ? ["push"] : ["push", "pull"]
}

/** A transition that nothing has asked the database for yet may still be on its way. */
const settleMillis = 10_000

const mode = (world: World, author: Someone) =>
  Effect.gen(function*() {
    const expected = modesOf(world, author)
    const actual = (yield* world.client.describe(author.id)).mode.mode
    if (!expected.includes(actual)) yield* broken("an author is pushed or pulled as asked", { author: author.id, expected, actual })
  }).pipe(Effect.retry({ schedule: Schedule.upTo(Schedule.spaced("50 millis"), { duration: settleMillis }) }))

/** Every author is pushed or pulled as count and override say. */
export const verifyModes = (world: World) => Effect.forEach(world.people, (person) => mode(world, person), { discard: true })

export const verify = (world: World, random: Seeded) =>
  Effect.gen(function*() {
    yield* Effect.forEach(world.people, (person) =>
      Effect.gen(function*() {
        const own = random.fork()
        yield* walk(world, person, own)
        yield* skeletonIsClean(world, person)
        yield* pages(world, person, own)
        yield* authorTimelines(world, person, own)
      }), { concurrency: 4, discard: true })
    yield* counters(world)
    yield* verifyModes(world)
  })
