import { assert, describe, it } from "@effect/vitest"
import * as Oracle from "@rookery/testkit/Oracle"
import * as Seeded from "@rookery/testkit/Seeded"

const [ann, bob] = [1n, 2n]

const post = (id: bigint, author: bigint, over: Partial<Oracle.OraclePost> = {}) =>
  ({ id, author, visibility: "public", replyTo: null, repostOf: null, text: `post ${id}`, ...over }) as const

const makeOracle = (): Oracle.Oracle => {
  const oracle = Oracle.make()
  Oracle.addAccount(oracle, ann)
  Oracle.addAccount(oracle, bob)
  return oracle
}

const everything = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 40 }

describe("Oracle", () => {
  it("joins posts and follows, newest first, without others' direct posts and deleted ones", () => {
    const oracle = makeOracle()
    Oracle.publish(oracle, post(11n, bob))
    Oracle.publish(oracle, post(12n, bob, { visibility: "direct" }))
    Oracle.publish(oracle, post(13n, ann, { visibility: "direct" }))
    Oracle.publish(oracle, post(14n, bob, { visibility: "private" }))
    assert.deepStrictEqual(Oracle.home(oracle, ann), [13n])
    Oracle.setFollow(oracle, ann, bob, true)
    assert.deepStrictEqual(Oracle.home(oracle, ann), [14n, 13n, 11n])
    Oracle.remove(oracle, 14n)
    assert.deepStrictEqual(Oracle.home(oracle, ann), [13n, 11n])
  })

  it("lets wrappers go with what they wrap, also one that comes late", () => {
    const oracle = makeOracle()
    Oracle.publish(oracle, post(11n, bob))
    Oracle.publish(oracle, post(12n, ann, { repostOf: 11n }))
    assert.deepStrictEqual(Oracle.home(oracle, ann), [12n])
    assert.strictEqual(Oracle.postCounts(oracle, 11n).reposts, 1)
    Oracle.remove(oracle, 11n)
    Oracle.publish(oracle, post(13n, ann, { repostOf: 11n }))
    assert.deepStrictEqual(Oracle.home(oracle, ann), [])
    assert.strictEqual(Oracle.accountCounts(oracle, ann).statuses, 0)
  })

  it("leaves replies to others, reposts and hidden posts out of an author's timeline as asked", () => {
    const oracle = makeOracle()
    Oracle.publish(oracle, post(11n, bob))
    Oracle.publish(oracle, post(12n, bob, { replyTo: 11n }))
    Oracle.publish(oracle, post(13n, ann))
    Oracle.publish(oracle, post(14n, bob, { replyTo: 13n }))
    Oracle.publish(oracle, post(15n, bob, { repostOf: 13n }))
    Oracle.publish(oracle, post(16n, bob, { visibility: "private" }))
    Oracle.publish(oracle, post(17n, bob, { visibility: "direct" }))
    const view = { excludeReplies: false, excludeReposts: false, includePrivate: true }
    assert.deepStrictEqual(Oracle.authorTimeline(oracle, bob, view), [16n, 15n, 14n, 12n, 11n])
    assert.deepStrictEqual(
      Oracle.authorTimeline(oracle, bob, { excludeReplies: true, excludeReposts: true, includePrivate: false }),
      [12n, 11n]
    )
  })

  it("cuts pages from the top, below, above, and right above an id", () => {
    const timeline = [9n, 7n, 5n, 3n, 1n]
    assert.deepStrictEqual(Oracle.page(timeline, { ...everything, limit: 2 }), [9n, 7n])
    assert.deepStrictEqual(Oracle.page(timeline, { ...everything, maxId: 7n, limit: 2 }), [5n, 3n])
    assert.deepStrictEqual(Oracle.page(timeline, { ...everything, sinceId: 3n, limit: 2 }), [9n, 7n])
    assert.deepStrictEqual(Oracle.page(timeline, { ...everything, minId: 3n, limit: 2 }), [7n, 5n])
    assert.deepStrictEqual(Oracle.page(timeline, { ...everything, minId: 1n, maxId: 9n }), [7n, 5n, 3n])
  })

  it("counts what is there", () => {
    const oracle = makeOracle()
    Oracle.setFollow(oracle, ann, bob, true)
    Oracle.publish(oracle, post(11n, bob))
    Oracle.publish(oracle, post(12n, ann, { replyTo: 11n }))
    Oracle.setLike(oracle, ann, 11n, true)
    assert.deepStrictEqual(Oracle.postCounts(oracle, 11n), { likes: 1, reposts: 0, replies: 1 })
    Oracle.remove(oracle, 12n)
    Oracle.setLike(oracle, ann, 11n, false)
    assert.deepStrictEqual(Oracle.postCounts(oracle, 11n), { likes: 0, reposts: 0, replies: 0 })
    assert.deepStrictEqual(Oracle.accountCounts(oracle, bob), { followers: 1, following: 0, statuses: 1 })
    assert.deepStrictEqual(Oracle.accountCounts(oracle, ann), { followers: 0, following: 1, statuses: 0 })
  })
})

describe("Seeded", () => {
  it("repeats itself for a seed and differs for another", () => {
    const draw = (seed: number) => {
      const random = Seeded.make(seed)
      return Array.from({ length: 20 }, () => random.int(1_000_000))
    }
    assert.deepStrictEqual(draw(7), draw(7))
    assert.notDeepEqual(draw(7), draw(8))
  })

  it("weighs its choices", () => {
    const random = Seeded.make(1)
    const seen = { often: 0, seldom: 0, never: 0 }
    for (let n = 0; n < 10_000; n++) seen[random.weighted({ often: 9, seldom: 1, never: 0 })]++
    assert.strictEqual(seen.never, 0)
    assert.isAbove(seen.often, 8_700)
    assert.isAbove(seen.seldom, 800)
  })
})
