import { assert, describe, it } from "@effect/vitest"
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as FollowerSet from "../src/FollowerSet.ts"
import * as Fanout from "../src/Fanout.ts"
import * as Lanes from "../src/Lanes.ts"
import * as ShardBitmap from "../src/ShardBitmap.ts"

const one = [1]

/** Offers a push of a post, known by its low word. */
const push = (
  lanes: Lanes.Lanes,
  shard: number,
  lo: number,
  onSettled: (delivered: boolean) => void = () => {},
  readers: ReadonlyArray<number> = one
) =>
  lanes.offer(
    shard,
    { kind: DeliveryBatch.kinds.push, lo, hi: 0, authorNo: 7, epoch: 0 },
    Uint32Array.from(readers),
    0,
    readers.length,
    (_, delivered) => onSettled(delivered)
  )

interface Sent {
  readonly shard: number
  readonly posts: ReadonlyArray<number>
  readonly answer: (delivered: boolean) => void
}

/** Lanes whose messages are answered by the test. */
const makeLanes = Effect.fnUntraced(function*(
  laneBytesMax: number = 1_000_000,
  lingerMillis: number = 1,
  near: Pick<Lanes.LanesOptions, "deliverNear" | "expect"> = {}
) {
  const sent: Array<Sent> = []
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const send: Lanes.SendBatch = (shard, batch) => {
    const posts: Array<number> = []
    DeliveryBatch.decode(batch, (entry) => posts.push(entry.lo))
    const answered = Deferred.makeUnsafe<void, string>()
    const answer = (delivered: boolean) =>
      Deferred.doneUnsafe(answered, delivered ? Effect.void : Effect.fail("the shard is moving"))
    sent.push({ shard, posts, answer })
    return Deferred.await(answered)
  }
  const lanes = Lanes.make({ send, lingerMillis, laneBytesMax, runFork: (effect) => void runFork(effect), ...near })
  return { lanes, sent }
})

/** Lets the lanes' linger pass, and every fiber that can run do so. */
const settle = TestClock.adjust("1 millis")

describe("Lanes", () => {
  it.effect("keep one message in flight to each shard, and send what arrived meanwhile as the next", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      push(lanes, 1, 1)
      push(lanes, 2, 1)
      yield* settle
      for (const post of [2, 3, 4]) push(lanes, 1, post)
      yield* settle
      assert.deepStrictEqual(sent.map(({ posts, shard }) => [shard, posts]), [[1, [1]], [2, [1]]])
      sent[0]!.answer(true)
      yield* settle
      assert.deepStrictEqual(sent[2]!.posts, [2, 3, 4])
    }))

  it.effect("send no message of what is delivered near, but let nothing overtake what waits", () =>
    Effect.gen(function*() {
      let isNear = true
      const near: Array<number> = []
      const { lanes, sent } = yield* makeLanes(1_000_000, 1, { deliverNear: (_, { lo }) => isNear && near.push(lo) > 0 })
      const settled: Array<number> = []
      const offer = (lo: number) => push(lanes, 1, lo, (ok) => ok && settled.push(lo))
      offer(1)
      isNear = false
      offer(2)
      isNear = true
      offer(3)
      assert.deepStrictEqual([near, settled], [[1], [1]])
      yield* settle
      assert.deepStrictEqual(sent.map(({ posts }) => posts), [[2, 3]])
      sent[0]!.answer(true)
      yield* settle
      offer(4)
      assert.deepStrictEqual([near, settled], [[1, 4], [1, 2, 3, 4]])
    }))

  it.effect("tell every record of a failed message, and go on with the next", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      const settled: Array<boolean> = []
      push(lanes, 1, 1, (ok) => settled.push(ok))
      push(lanes, 1, 2, (ok) => settled.push(ok))
      yield* settle
      sent[0]!.answer(false)
      yield* settle
      assert.deepStrictEqual(settled, [false, false])
      push(lanes, 1, 3, (ok) => settled.push(ok))
      yield* settle
      sent[1]!.answer(true)
      yield* settle
      assert.deepStrictEqual(settled, [false, false, true])
    }))

  it.effect("refuse what exceeds the bytes that may wait", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes(100)
      const settled: Array<boolean> = []
      for (const post of [1, 2, 3, 4, 5]) push(lanes, 1, post, (ok) => settled.push(ok))
      assert.deepStrictEqual(settled, [false, false])
      yield* settle
      assert.deepStrictEqual(sent[0]!.posts, [1, 2, 3])
    }))

  it.effect("wait for company before every message, also of a shard that answers at once", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      push(lanes, 1, 1)
      yield* settle
      push(lanes, 1, 2)
      sent[0]!.answer(true)
      yield* TestClock.adjust(0)
      assert.strictEqual(sent.length, 1)
      push(lanes, 1, 3)
      yield* settle
      assert.deepStrictEqual(sent[1]!.posts, [2, 3])
    }))

  it.effect("wait an eighth as long where nothing was sent just now, so that a lone post is soon there", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes(1_000_000, 80)
      const sendNext = (post: number, millis: number) =>
        Effect.gen(function*() {
          push(lanes, 1, post)
          yield* TestClock.adjust(millis - 1)
          const before = sent.length
          yield* TestClock.adjust(1)
          assert.deepStrictEqual([before, sent.at(-1)?.posts], [post - 1, [post]])
          sent.at(-1)!.answer(true)
          yield* TestClock.adjust(0)
        })
      yield* sendNext(1, 10)
      yield* sendNext(2, 80)
      yield* TestClock.adjust(100)
      yield* sendNext(3, 10)
    }))

  it.effect("cut messages at the size limit", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes(10_000_000)
      const many = Array.from({ length: DeliveryBatch.batchBytesMax / 8 }, (_, i) => i + 1)
      for (const post of [1, 2, 3]) push(lanes, 1, post, () => {}, many)
      yield* settle
      assert.deepStrictEqual(sent[0]!.posts, [1])
      sent[0]!.answer(true)
      yield* settle
      assert.deepStrictEqual(sent[1]!.posts, [2])
    }))
})

describe("Fanout", () => {
  const audienceIn = (...shards: ReadonlyArray<number>): Fanout.Audience => {
    const set = FollowerSet.empty()
    for (const shard of shards) FollowerSet.add(set, shard, shard * 10)
    return (visit) => FollowerSet.forEachShard(set, visit)
  }
  const jobOf = (how: Fanout.FanoutJob["how"], shards: ReadonlyArray<number>, progress = ShardBitmap.make(127)) => ({
    postId: 5n,
    authorNo: 7,
    epoch: 1,
    how,
    audience: audienceIn(...shards),
    progress
  })

  it.effect("ends when every shard has answered, and remembers which have", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      const job = jobOf("push", [1, 9, 127])
      const fiber = yield* Effect.forkChild(Effect.result(Fanout.run(lanes, job)))
      yield* settle
      sent[0]!.answer(true)
      sent[1]!.answer(false)
      yield* settle
      assert.isUndefined(fiber.pollUnsafe())
      sent[2]!.answer(true)
      yield* settle
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
      assert.deepStrictEqual([1, 9, 127].map((shard) => ShardBitmap.has(job.progress, shard)), [true, false, true])
    }))

  it.effect("names the readers of a push, a group at a time, before it offers them anything", () =>
    Effect.gen(function*() {
      const steps: Array<string> = []
      const count = (parts: Lanes.Parts) => parts.filter((_, i) => i % 3 === 0).length
      const near: Pick<Lanes.LanesOptions, "deliverNear" | "expect"> = {
        expect: (authorNo, _, parts) => steps.push(`expect ${authorNo} ${count(parts)}`),
        deliverNear: (shard, _, numbers, from, to) => steps.push(`offer ${shard} ${numbers.subarray(from, to).join(" ")}`) > 0
      }
      const { lanes } = yield* makeLanes(1_000_000, 1, near)
      yield* Fanout.run(lanes, jobOf("push", [1, 9]))
      assert.deepStrictEqual(steps.splice(0), ["expect 7 2", "offer 1 10", "offer 9 90"])
      yield* Fanout.run(lanes, jobOf("remove", [1]))
      assert.deepStrictEqual(steps.splice(0), ["offer 1 "])
      const crowd = Uint32Array.from({ length: 1_000 }, (_, i) => i)
      const audience: Fanout.Audience = (visit) => {
        for (let shard = 1; shard <= 100; shard++) visit(shard, crowd, shard * 10 - 10, shard * 10)
      }
      yield* Fanout.run(lanes, { ...jobOf("push", []), audience })
      const groups = steps.flatMap((step, i) => step.startsWith("expect") ? [i] : [])
      assert.deepStrictEqual(groups.map((at) => steps[at]), ["expect 7 45", "expect 7 45", "expect 7 10"])
      assert.deepStrictEqual(groups, [0, 46, 92], "each before its own")
    }))

  it.effect("goes on where a lost driver stopped", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      const first = ShardBitmap.make(127)
      ShardBitmap.add(first, 9)
      const job = jobOf("push", [1, 9], ShardBitmap.make(127, first))
      yield* Effect.forkChild(Effect.ignore(Fanout.run(lanes, job)))
      yield* settle
      assert.deepStrictEqual(sent.map(({ shard }) => shard), [1])
    }))

  it.effect("pushes and refreshes in both, and ends at once without followers", () =>
    Effect.gen(function*() {
      const { lanes, sent } = yield* makeLanes()
      yield* Effect.forkChild(Effect.ignore(Fanout.run(lanes, jobOf("both", [3]))))
      yield* settle
      assert.deepStrictEqual(sent[0]!.posts, [5, 5])
      yield* Fanout.run(lanes, jobOf("push", []))
    }))
})
