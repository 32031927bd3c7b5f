/** Rings of topics: what fan-out brings, what loads find, and what is below them. */
import { assert, describe, it } from "@effect/vitest"
import { PostId } from "@rookery/domain/Ids"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import { Deferred, Effect, Fiber } from "effect"
import * as TopicRings from "../src/TopicRings.ts"

const first: PageQuery = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 3 }

/** A database of ids that counts its reads; `gate` holds each read back after it has looked. */
const makeMeans = (ids: Array<bigint>, gate?: Deferred.Deferred<void>) => {
  const clock = { now: 0, reads: 0 }
  const means: TopicRings.Means = {
    page: (_, query) =>
      Effect.suspend(() => {
        clock.reads++
        const below = ids.filter((id) => id < (query.maxId ?? 1n << 62n) && id > query.sinceId).toSorted((a, b) => a < b ? 1 : -1)
        const found = below.slice(0, query.limit).map((id) => PostId.make(id))
        return gate === undefined ? Effect.succeed(found) : Effect.as(Deferred.await(gate), found)
      }),
    maxAgeMillis: 1_000,
    now: () => clock.now,
    runFork: (effect) => void Effect.runFork(effect)
  }
  return { clock, means }
}

describe("a ring of a topic", () => {
  it.effect("has what is published after its load, without another read", () =>
    Effect.gen(function*() {
      const rings = TopicRings.make()
      const { clock, means } = makeMeans([1n, 2n, 3n, 4n])
      assert.deepStrictEqual(yield* TopicRings.read(rings, means, "*", first), [4n, 3n, 2n])
      TopicRings.publish(rings, ["*", "#other"], 9n)
      TopicRings.publish(rings, ["*"], 9n)
      TopicRings.publish(rings, ["*"], 7n)
      assert.deepStrictEqual(yield* TopicRings.read(rings, means, "*", first), [9n, 7n, 4n])
      assert.deepStrictEqual([clock.reads, rings.byTopic.size], [1, 1])
    }))

  it.effect("has what is published while it loads, and loads once for many readers", () =>
    Effect.gen(function*() {
      const rings = TopicRings.make()
      const gate = yield* Deferred.make<void>()
      const { clock, means } = makeMeans([1n], gate)
      const readers = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(TopicRings.read(rings, means, "*", first)))
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      TopicRings.publish(rings, ["*"], 5n)
      yield* Deferred.succeed(gate, undefined)
      for (const reader of readers) assert.deepStrictEqual(yield* Fiber.join(reader), [5n, 1n])
      assert.strictEqual(clock.reads, 1)
    }))

  it.effect("goes on in the database below its floor, without gap or repeat", () =>
    Effect.gen(function*() {
      const rings = TopicRings.make()
      const ids = Array.from({ length: TopicRings.ringEntriesMax + 10 }, (_, i) => BigInt(i + 1))
      const { means } = makeMeans(ids)
      const found: Array<bigint> = []
      while (true) {
        const page = yield* TopicRings.read(rings, means, "*", { ...first, maxId: found.at(-1), limit: 7 })
        found.push(...page)
        if (page.length < 7) break
      }
      assert.deepStrictEqual(found, ids.toReversed())
    }))

  it.effect("is read again when it is old, and the longest unread goes when there are too many", () =>
    Effect.gen(function*() {
      const rings = TopicRings.make()
      const ids = [1n]
      const { clock, means } = makeMeans(ids)
      yield* TopicRings.read(rings, means, "*", first)
      ids.push(2n)
      clock.now = 2_000
      yield* TopicRings.read(rings, means, "*", first)
      assert.deepStrictEqual(yield* TopicRings.read(rings, means, "*", first), [2n, 1n])
      for (let i = 0; i < TopicRings.ringsMax; i++) yield* TopicRings.read(rings, means, `#${i}`, first)
      assert.strictEqual(rings.byTopic.size, TopicRings.ringsMax)
      assert.isFalse(rings.byTopic.has("*"))
    }))
})
