import { assert, describe, it } from "@effect/vitest"
import { AccountId, PostId } from "@rookery/domain/Ids"
import * as Limits from "@rookery/domain/Limits"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import { StoreError } from "@rookery/store/StoreError"
import { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as RingReader from "../src/RingReader.ts"

const ann = AccountId.make(5n)
const ringEntriesMax = 4

/** A database of one author's posts that notes from where it was read. */
const makeDatabase = (ids: Array<bigint>) => {
  const sinces: Array<bigint> = []
  const newestOf: TimelineStore["Service"]["newestOf"] = ([asked], limit) => {
    sinces.push(asked!.since)
    const newest = ids.filter((id) => id >= asked!.since).sort((a, b) => (a > b ? -1 : 1)).slice(0, limit)
    return Effect.succeed(new Map([[asked!.author, newest.map((id) => PostId.make(id))]]))
  }
  const layer = Layer.mock(TimelineStore, { newestOf })
  return { layer, sinces }
}

const start = Snowflake.epochMillis + 3_600_000
const idAt = (seconds: number): bigint => Snowflake.make(start + seconds * 1_000, 0, 0)

const reader = Effect.gen(function*() {
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  let now = start
  const read = yield* RingReader.make({ ringEntriesMax, now: () => now, runFork: (effect) => void runFork(effect) })
  const at = (seconds: number) => {
    now = start + seconds * 1_000
    return Effect.tap(read(ann, undefined), () => TestClock.adjust("1 millis")) // the snapshot is saved beside it
  }
  return { at }
})

describe("RingReader", () => {
  it.effect("goes on from the snapshot, back to what may have been under way when it was saved", () => {
    const ids = [idAt(-100), idAt(-5)]
    const { layer, sinces } = makeDatabase(ids)
    return Effect.gen(function*() {
      const { at } = yield* reader
      assert.deepStrictEqual(yield* at(0), { ids: [idAt(-5), idAt(-100)], floor: 0n })
      ids.push(idAt(-1), idAt(10)) // the first of them was committed late
      assert.deepStrictEqual(yield* at(20), { ids: [idAt(10), idAt(-1), idAt(-5), idAt(-100)], floor: 0n })
      assert.deepStrictEqual(sinces, [0n, Snowflake.floorAt(start - Limits.overlapMillis)])
    }).pipe(Effect.provide(Layer.merge(layer, SnapshotStoreMemory.layer({ entriesMax: 1_000, ttlSeconds: 3_600 }))))
  })

  it.effect("keeps what a ring holds, with the floor where it ends", () => {
    const ids = [-90, -80, -70].map(idAt)
    const { layer } = makeDatabase(ids)
    return Effect.gen(function*() {
      const { at } = yield* reader
      yield* at(0)
      ids.push(idAt(1), idAt(2))
      const ring = yield* at(20)
      assert.deepStrictEqual(ring, { ids: [2, 1, -70, -80].map(idAt), floor: idAt(-80) })
      ids.push(...[21, 22, 23, 24, 25].map(idAt))
      assert.deepStrictEqual(yield* at(40), { ids: [25, 24, 23, 22].map(idAt), floor: idAt(22) })
    }).pipe(Effect.provide(Layer.merge(layer, SnapshotStoreMemory.layer({ entriesMax: 1_000, ttlSeconds: 3_600 }))))
  })

  it.effect("reads the database alone while the snapshot store is away", () => {
    const { layer, sinces } = makeDatabase([idAt(-5)])
    const away = Effect.fail(new StoreError({ operation: "test", cause: "away" }))
    const snapshots = Layer.mock(SnapshotStore, { loadRing: () => away, saveRing: () => away })
    return Effect.gen(function*() {
      const { at } = yield* reader
      assert.deepStrictEqual((yield* at(0)).ids, [idAt(-5)])
      assert.deepStrictEqual(sinces, [0n])
    }).pipe(Effect.provide(Layer.merge(layer, snapshots)))
  })
})
