import { assert, describe, it } from "@effect/vitest"
import { AccountId, LocalNo } from "@rookery/domain/Ids"
import * as PageBatch from "@rookery/protocol/PageBatch"
import * as Words from "@rookery/protocol/Words"
import { Effect } from "effect"
import type { ActorCalls } from "../src/ActorCalls.ts"
import { unavailable } from "../src/http/Errors.ts"
import * as Skeleton from "../src/read/Skeleton.ts"

/** One person on each shard; their pages hold the shard's number. */
const personOf = (shard: number) => ({ id: AccountId.make(BigInt(shard)), no: LocalNo.make(shard), shard })
const entriesOf = (shard: number) => [{ id: BigInt(shard) * 100n, authorNo: shard }]
const query = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 20 }

/** Runners by number, each with its shards; what a shard's people wait for is not in memory. */
const makeCluster = () => {
  const runners = new Map<number, Set<number>>()
  const cold = new Set<number>()
  const dead = new Set<number>()
  const sent: Array<{ readonly rpc: "memory" | "shard"; readonly address: number; readonly count: number }> = []
  const runnerOf = (shard: number) => [...runners].find(([, shards]) => shards.has(shard))!
  const calls = {
    readMemory: (address: number, shards: Uint8Array, requests: Uint8Array) =>
      Effect.suspend(() => {
        const asked = [...Words.words(shards)]
        sent.push({ rpc: "memory", address, count: PageBatch.decodeRequests(requests).length })
        if (dead.has(address)) return Effect.fail(unavailable())
        const [runner, held] = runnerOf(address)
        return Effect.succeed({
          runner,
          answers: PageBatch.encodeAnswers(asked.map((shard): PageBatch.PageAnswer => {
            if (!held.has(shard)) return { status: PageBatch.statuses.elsewhere, entries: [] }
            if (cold.has(shard)) return { status: PageBatch.statuses.notInMemory, entries: [] }
            return { status: PageBatch.statuses.ok, entries: entriesOf(shard) }
          }))
        })
      }),
    readPages: (address: number, requests: Uint8Array) =>
      Effect.sync(() => {
        const asked = PageBatch.decodeRequests(requests)
        sent.push({ rpc: "shard", address, count: asked.length })
        return PageBatch.encodeAnswers(asked.map(() => ({ status: PageBatch.statuses.ok, entries: entriesOf(address) })))
      })
  }
  return { calls: calls as unknown as ActorCalls, cold, dead, runners, sent }
}

const readAll = (skeleton: Skeleton.Skeleton, shards: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const pages = yield* Effect.forEach(shards, (shard) => skeleton.home(personOf(shard), query), { concurrency: "unbounded" })
    assert.deepStrictEqual(pages, shards.map(entriesOf))
  })

const messages = (cluster: ReturnType<typeof makeCluster>) => cluster.sent.splice(0).map(({ address, count, rpc }) => `${rpc} ${address}: ${count}`)

describe("reads of home timelines", () => {
  it.effect("share messages once it is known which shards live together", () =>
    Effect.gen(function*() {
      const cluster = makeCluster()
      cluster.runners.set(1_000, new Set([1, 3, 5])).set(2_000, new Set([2, 4]))
      const skeleton = yield* Skeleton.make(cluster.calls)
      yield* readAll(skeleton, [1, 2, 3, 4, 5])
      assert.lengthOf(messages(cluster), 5)
      yield* readAll(skeleton, [1, 2, 3, 4, 5])
      assert.deepStrictEqual(messages(cluster), ["memory 1: 3", "memory 2: 2"])
    }))

  it.effect("that must wait for a load go to their shard, and hold up no other", () =>
    Effect.gen(function*() {
      const cluster = makeCluster()
      cluster.runners.set(1_000, new Set([1, 2, 3]))
      const skeleton = yield* Skeleton.make(cluster.calls)
      yield* readAll(skeleton, [1, 2, 3])
      messages(cluster)
      cluster.cold.add(2)
      yield* readAll(skeleton, [1, 2, 3])
      assert.deepStrictEqual(messages(cluster), ["memory 1: 3", "shard 2: 1"])
    }))

  it.effect("follow shards that move, also the one through which a runner was spoken to", () =>
    Effect.gen(function*() {
      const cluster = makeCluster()
      cluster.runners.set(1_000, new Set([1, 2, 3])).set(2_000, new Set([4]))
      const skeleton = yield* Skeleton.make(cluster.calls)
      yield* readAll(skeleton, [1, 2, 3, 4])
      messages(cluster)
      cluster.runners.set(1_000, new Set([2, 3])).set(2_000, new Set([1, 4]))
      yield* readAll(skeleton, [1, 2, 3, 4])
      assert.deepStrictEqual(messages(cluster).slice(0, 4), ["memory 1: 3", "memory 4: 1", "shard 2: 1", "shard 3: 1"])
      yield* readAll(skeleton, [1, 2, 3, 4])
      messages(cluster)
      yield* readAll(skeleton, [1, 2, 3, 4])
      assert.deepStrictEqual(messages(cluster).toSorted(), ["memory 2: 2", "memory 4: 2"])
    }))

  it.effect("are not sent twice for a shard that moved once it is known where it is", () =>
    Effect.gen(function*() {
      const cluster = makeCluster()
      cluster.runners.set(1_000, new Set([1, 2])).set(2_000, new Set([4]))
      const skeleton = yield* Skeleton.make(cluster.calls)
      yield* readAll(skeleton, [1, 2, 4])
      cluster.runners.set(1_000, new Set([1])).set(2_000, new Set([2, 4]))
      messages(cluster)
      yield* readAll(skeleton, [2])
      assert.deepStrictEqual(messages(cluster), ["memory 1: 1", "shard 2: 1"])
      yield* readAll(skeleton, [2])
      assert.deepStrictEqual(messages(cluster), ["memory 2: 1"])
      yield* readAll(skeleton, [1, 2, 4])
      assert.deepStrictEqual(messages(cluster), ["memory 1: 1", "memory 4: 2"])
    }))

  it.effect("go on by themselves when the shard through which their runner was spoken to does not answer", () =>
    Effect.gen(function*() {
      const cluster = makeCluster()
      cluster.runners.set(1_000, new Set([1, 2, 3]))
      const skeleton = yield* Skeleton.make(cluster.calls)
      yield* readAll(skeleton, [1, 2, 3])
      cluster.dead.add(1)
      const failed = yield* Effect.exit(readAll(skeleton, [2, 3]))
      assert.strictEqual(failed._tag, "Failure")
      yield* readAll(skeleton, [2, 3])
      messages(cluster)
      yield* readAll(skeleton, [2, 3])
      assert.deepStrictEqual(messages(cluster), ["memory 2: 2"])
    }))
})
