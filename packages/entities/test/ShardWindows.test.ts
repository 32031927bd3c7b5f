import { assert, describe, it } from "@effect/vitest"
import * as Window from "@rookery/domain/TimelineWindow"
import * as WindowSlab from "@rookery/domain/WindowSlab"
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as Words from "@rookery/protocol/Words"
import { Effect, Queue } from "effect"
import * as PulledAuthors from "../src/PulledAuthors.ts"
import * as Resident from "../src/ResidentWindow.ts"
import * as SessionTable from "../src/SessionTable.ts"
import * as ShardWindows from "../src/ShardWindows.ts"

const author = 5
const makeShard = (slab?: WindowSlab.Slab) =>
  ShardWindows.make(
    1,
    PulledAuthors.make({ ringEntriesMax: 8, readRing: () => Effect.die("unused"), now: () => 0, runFork: () => {} }),
    slab
  )

const addReader = (shard: ShardWindows.ShardWindows, no: number, followees: ReadonlyArray<number> = [author]) => {
  const resident = Resident.make(no, BigInt(no), 8, 0, shard.slab)
  Resident.land(resident, { followees: Uint32Array.from([no, ...followees]).sort(), hidden: new Uint32Array(0), entries: [], floor: 0n })
  shard.byNo.set(no, resident)
  return resident
}

const deliver = (
  shard: ShardWindows.ShardWindows,
  kind: keyof typeof DeliveryBatch.kinds,
  post: number,
  readers: ReadonlyArray<number> = []
) => {
  const out = Words.writer()
  const header = { kind: DeliveryBatch.kinds[kind], lo: post, hi: 0, authorNo: author, epoch: 1 }
  DeliveryBatch.append(out, header, Uint32Array.from(readers), 0, readers.length)
  ShardWindows.deliverBatch(shard, Words.bytes(out))
}

const ids = (resident: Resident.ResidentWindow): Array<number> =>
  Array.from({ length: resident.window.length }, (_, rank) => Window.loAt(resident.window, rank))

const pull = (shard: ShardWindows.ShardWindows, ring?: Window.TimelineWindow) => {
  PulledAuthors.enter(shard.pulled, { author: 5n as never, authorNo: author as never, epoch: 1 })
  const pulled = shard.pulled.byNo.get(author)!
  pulled.ring = ring
  return pulled
}

/** The events that the front was sent so far, as `[kind, post, people]`. */
const received = (queue: Queue.Dequeue<Uint8Array, unknown>) =>
  Effect.map(Queue.clear(queue), (chunks) =>
    chunks.flatMap(EventBatch.decode).map(({ kind, people, postId }) => [kind, Number(postId), people]))

describe("ShardWindows", () => {
  it.effect("tells of a post that a read of the database brought into the window first, once, and only while it stands there", () =>
    Effect.gen(function*() {
      const shard = makeShard()
      const feed = yield* SessionTable.open(shard.sessions, "f1")
      const [reader, leaver] = [addReader(shard, 10), addReader(shard, 11)]
      for (const no of [10, 11]) SessionTable.connect(shard.sessions, no, "f1")
      const [hi, lo] = [1_000_000, 7]
      const id = (BigInt(hi) << 32n) | BigInt(lo)
      for (const resident of [reader, leaver]) {
        Window.insert(resident.window, hi, lo, author)
        shard.untold.set(resident.readerNo, { ids: new Set([id]), until: Number.POSITIVE_INFINITY })
      }
      Resident.unfollow(leaver, author)
      const record = { kind: DeliveryBatch.kinds.push, hi, lo, authorNo: author, epoch: 1, words: Uint32Array.of(10, 11), from: 0, to: 2 }
      ShardWindows.deliverOne(shard, record)
      ShardWindows.deliverOne(shard, record)
      assert.deepStrictEqual(yield* received(feed), [[EventBatch.kinds.update, Number(id), [10]]])
    }))

  it("gives the room of a window that goes to the next one, and lets nobody look into it", () => {
    const slab = WindowSlab.make()
    const shard = makeShard(slab)
    for (let no = 10; no < 500; no++) {
      const reader = addReader(shard, no)
      for (let post = 1; post <= 12; post++) deliver(shard, "push", no * 100 + post, [no])
      assert.strictEqual(ids(reader).length, 8)
      ShardWindows.forget(shard, no)
      assert.deepStrictEqual(ids(reader), [])
      assert.isFalse(Resident.deliver(reader, 0, no * 100 + 13, author), "whoever still holds it cannot write into another's")
    }
    assert.strictEqual(shard.byNo.size, 0)
    const { bytes } = slab
    addReader(shard, 10)
    addReader(shard, 11)
    deliver(shard, "push", 100, [10, 11])
    assert.strictEqual(slab.bytes, bytes)
    ShardWindows.clear(shard)
    assert.strictEqual(shard.byNo.size, 0)
  })

  it("writes the resident readers of a push and skips the rest", () => {
    const shard = makeShard()
    const reader = addReader(shard, 10)
    deliver(shard, "push", 100, [10, 11, 12])
    deliver(shard, "push", 100, [10])
    assert.deepStrictEqual(ids(reader), [100])
    assert.strictEqual(shard.byNo.size, 1)
  })

  it("writes one message of few and of many readers as it writes post after post, whoever is loading or away", () => {
    const readers = Array.from({ length: 1_300 }, (_, no) => no + 10)
    const [together, apart] = [makeShard(), makeShard()]
    for (const shard of [together, apart]) {
      for (const no of readers) if (no % 7 !== 0) addReader(shard, no, no % 5 === 0 ? [] : [author])
      shard.byNo.get(11)!.followees = undefined
    }
    const parts = [readers, readers.slice(0, 3), ...Array.from({ length: 400 }, (_, i) => readers.slice(i, i + 2)), readers.slice(0, 600)]
    const out = Words.writer()
    parts.forEach((part, i) => {
      DeliveryBatch.append(out, { kind: DeliveryBatch.kinds.push, lo: i, hi: 0, authorNo: author, epoch: 1 }, Uint32Array.from(part), 0, part.length)
      for (const no of part) deliver(apart, "push", i, [no])
    })
    ShardWindows.deliverBatch(together, Words.bytes(out))
    const all = (shard: ShardWindows.ShardWindows) => [...shard.byNo].map(([no, resident]) => [no, ids(resident)])
    assert.deepStrictEqual(all(together), all(apart))
    assert.deepStrictEqual(ids(together.byNo.get(12)!), parts.flatMap((part, i) => part.includes(12) ? [i] : []))
  })

  it("takes a refresh into the ring of a pulled author, loaded or still loading", () => {
    const shard = makeShard()
    const reader = addReader(shard, 10)
    const pulled = pull(shard, Window.make(8))
    pulled.arriving = Window.make(8)
    deliver(shard, "refresh", 100)
    assert.isTrue(Window.has(pulled.ring!, 0, 100) && Window.has(pulled.arriving, 0, 100))
    assert.deepStrictEqual(ids(reader), [])
  })

  it("gives a refresh of an author who is not pulled here to every follower's window", () => {
    const shard = makeShard()
    const [follower, stranger] = [addReader(shard, 10), addReader(shard, 11, [])]
    deliver(shard, "refresh", 100)
    assert.deepStrictEqual([ids(follower), ids(stranger)], [[100], []])
  })

  it("takes a deleted post out of windows and ring, and keeps the floor", () => {
    const shard = makeShard()
    const reader = addReader(shard, 10)
    const ring = Window.make(8)
    Window.insert(ring, 0, 100, author)
    pull(shard, ring)
    deliver(shard, "push", 100, [10])
    deliver(shard, "remove", 100)
    assert.deepStrictEqual(ids(reader), [])
    assert.strictEqual(ring.length, 0)
  })

  it("absorbs a ring into the followers' windows and raises their floors to its own", () => {
    const shard = makeShard()
    const [follower, stranger] = [addReader(shard, 10), addReader(shard, 11, [])]
    deliver(shard, "push", 3, [10])
    const ring = Window.make(2)
    for (const id of [5, 6, 7]) Window.insert(ring, 0, id, author)
    ShardWindows.absorbRing(shard, author, ring)
    assert.deepStrictEqual([ids(follower), ids(stranger)], [[6, 7], []])
    assert.strictEqual(Window.floorLo(follower.window), 6)
  })

  it("refuses broken bytes", () => {
    assert.throws(() => ShardWindows.deliverBatch(makeShard(), new Uint8Array([1, 2, 3])), RangeError)
  })

  it.effect("tells each online reader of a post once, pushed or pulled or both, and of its deletion", () =>
    Effect.gen(function*() {
      const shard = makeShard()
      addReader(shard, 10)
      addReader(shard, 11, [])
      const queue = yield* SessionTable.open(shard.sessions, "front")
      for (const no of [10, 11]) assert.isTrue(SessionTable.connect(shard.sessions, no, "front"))
      deliver(shard, "push", 100, [10, 11])
      deliver(shard, "refresh", 100)
      pull(shard, Window.make(8))
      deliver(shard, "refresh", 101)
      deliver(shard, "refresh", 101)
      deliver(shard, "remove", 101)
      const { delete: gone, update } = EventBatch.kinds
      assert.deepStrictEqual(yield* received(queue), [[update, 100, [10]], [update, 101, [10]], [gone, 101, [10]]])
    }))

  it.effect("tells of an edit those online who have the post", () =>
    Effect.gen(function*() {
      const shard = makeShard()
      for (const no of [10, 11, 12]) addReader(shard, no)
      const queue = yield* SessionTable.open(shard.sessions, "front")
      for (const no of [10, 11]) SessionTable.connect(shard.sessions, no, "front")
      deliver(shard, "push", 100, [10, 12])
      deliver(shard, "edit", 100)
      const { edit, update } = EventBatch.kinds
      assert.deepStrictEqual(yield* received(queue), [[update, 100, [10]], [edit, 100, [10]]])
    }))
})

describe("SessionTable", () => {
  it.effect("holds a person for as long as one of their fronts has a feed", () =>
    Effect.gen(function*() {
      const table = SessionTable.make()
      assert.isFalse(SessionTable.connect(table, 1, "a"), "a front without a feed could hear nothing")
      const a = yield* SessionTable.open(table, "a")
      yield* SessionTable.open(table, "b")
      for (const front of ["a", "b", "a"]) SessionTable.connect(table, 1, front)
      assert.strictEqual(SessionTable.frontCount(table, 1), 2)
      SessionTable.close(table, "a", a)
      assert.strictEqual(SessionTable.frontCount(table, 1), 1)
      SessionTable.disconnect(table, 1, "b")
      assert.isFalse(SessionTable.isOnline(table, 1))
    }))

  it.effect("cuts a front off that does not read, and lets it come back", () =>
    Effect.gen(function*() {
      const table = SessionTable.make()
      const queue = yield* SessionTable.open(table, "slow")
      SessionTable.connect(table, 1, "slow")
      for (let post = 0; post <= SessionTable.feedChunksMax; post++) {
        SessionTable.note(table, 1, EventBatch.kinds.update, BigInt(post), author)
        SessionTable.flush(table)
      }
      assert.isFalse(SessionTable.isOnline(table, 1))
      const drained = yield* Effect.exit(Effect.forever(Queue.take(queue)))
      assert.strictEqual(drained._tag, "Failure")
      yield* SessionTable.open(table, "slow")
      assert.isTrue(SessionTable.connect(table, 1, "slow"))
    }))
})
