import { assert, describe, it } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Redacted, Schedule } from "effect"
import { Redis } from "ioredis"
import { randomBytes } from "node:crypto"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { inject } from "vitest"
import * as Memory from "../src/memory/SnapshotStoreMemory.ts"
import * as InRedis from "../src/redis/SnapshotStoreRedis.ts"
import { SnapshotStore, type WindowSnapshot } from "../src/SnapshotStore.ts"

const keyPrefix = `test ${randomBytes(6).toString("hex")} `
const inRedis = (ttlSeconds: number, url = inject("redisUrl")) =>
  InRedis.layer({ url: Redacted.make(url), keyPrefix, ttlSeconds })
const inMemory = (ttlSeconds: number) => Memory.layer({ entriesMax: 10_000, ttlSeconds })

const reader = 77n as AccountId

/** Ids of one millisecond and machine share a score in Redis. */
const newest = Snowflake.make(Date.UTC(2026, 0, 1), 1_023, 4_095)
const entries = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: newest - BigInt(i), authorNo: 0xffff_ffff - i }))

const window = (count: number, followVersion = 3): WindowSnapshot => ({
  followVersion,
  floor: newest - 5_000n,
  completeBelow: newest + 1n,
  entries: EntryBytes.of(entries(count))
})

const isGone = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.repeat(effect, { until: (value) => value === undefined, schedule: Schedule.spaced("50 millis") }).pipe(
    Effect.timeout("5 seconds")
  )

describe.each([{ name: "Redis", store: inRedis }, { name: "memory", store: inMemory }])("SnapshotStore in $name", ({ store }) => {
  it.live("gives back windows and rings as they were saved", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      yield* snapshots.ping
      assert.isUndefined(yield* snapshots.loadWindow(reader))
      const many = Array.from({ length: 130 }, (_, i) => ({ reader: BigInt(i + 1) as AccountId, snapshot: window(i % 40) }))
      yield* snapshots.saveWindows([...many, { reader, snapshot: window(800) }])
      assert.deepStrictEqual(yield* snapshots.loadWindow(reader), window(800))
      assert.deepStrictEqual(yield* snapshots.loadWindow(130n as AccountId), window(9))
      const ring = { floor: 0n, completeBelow: newest, ids: entries(50).map((entry) => entry.id as PostId) }
      yield* snapshots.saveRing(reader, ring)
      assert.deepStrictEqual(yield* snapshots.loadRing(reader), ring)
      assert.isUndefined(yield* snapshots.loadRing(5n as AccountId))
    }).pipe(Effect.provide(store(60))))

  it.live("replaces a window as a whole, and drops it", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      yield* snapshots.saveWindows([{ reader, snapshot: window(20) }])
      yield* snapshots.saveWindows([{ reader, snapshot: window(3, 4) }])
      assert.deepStrictEqual(yield* snapshots.loadWindow(reader), window(3, 4))
      yield* snapshots.saveWindows([{ reader, snapshot: window(0) }])
      assert.deepStrictEqual(yield* snapshots.loadWindow(reader), window(0))
      yield* snapshots.dropWindow(reader)
      assert.isUndefined(yield* snapshots.loadWindow(reader))
    }).pipe(Effect.provide(store(60))))

  it.live("forgets what is not saved again", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      yield* snapshots.saveWindows([{ reader, snapshot: window(20) }])
      yield* isGone(snapshots.loadWindow(reader))
    }).pipe(Effect.provide(store(1))))
})

describe("SnapshotStore in memory", () => {
  it.effect("holds no more entries than it may, and lets go of what was used longest ago", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      const save = (id: bigint) => snapshots.saveWindows([{ reader: id as AccountId, snapshot: window(40) }])
      const isHeld = (id: bigint) => Effect.map(snapshots.loadWindow(id as AccountId), (found) => found !== undefined)
      yield* Effect.forEach([1n, 2n], save)
      yield* isHeld(1n)
      yield* save(3n)
      assert.deepStrictEqual(yield* Effect.forEach([1n, 2n, 3n], isHeld), [true, false, true])
    }).pipe(Effect.provide(Memory.layer({ entriesMax: 100, ttlSeconds: 60 }))))
})

/** A way to Redis that can be cut, or that is silent. */
const startProxy = (isSilent: boolean) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly cut: () => void; readonly close: () => void }>((resume) => {
      const target = new URL(inject("redisUrl"))
      const sockets = new Set<Socket>()
      const cut = () => sockets.forEach((socket) => socket.destroy())
      const server = createServer((socket) => {
        const upstream = connect(Number(target.port), target.hostname)
        for (const each of [socket, upstream]) {
          sockets.add(each)
          each.on("error", () => each.destroy()).on("close", cut)
        }
        if (!isSilent) socket.pipe(upstream).pipe(socket)
      })
      const close = () => {
        cut()
        server.close()
      }
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        resume(Effect.succeed({ url: `redis://127.0.0.1:${port}`, cut, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const ping = Effect.flatMap(SnapshotStore, (snapshots) => snapshots.ping)

describe("SnapshotStore in Redis", () => {
  it.live("keeps a window as a sorted set, scored by the time of its ids", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      const admin = new Redis(inject("redisUrl"))
      const ids = [newest, newest - 4_000_000n, 5n]
      yield* snapshots.saveWindows([{
        reader,
        snapshot: { ...window(0), entries: EntryBytes.of(ids.map((id) => ({ id, authorNo: 7 }))) }
      }])
      const scored = yield* Effect.promise(() => admin.zrangeBuffer(`${keyPrefix}window:${reader}`, 0, "-1", "WITHSCORES"))
      const found = ids.map((_, i) => [scored[2 * i]!.readBigUInt64BE(0), scored[2 * i]!.readUInt32BE(8), Number(scored[2 * i + 1])])
      assert.deepStrictEqual(found, ids.toReversed().map((id) => [id, 7, Number(id >> 11n)]))
      admin.disconnect()
    }).pipe(Effect.provide(inRedis(60))))

  it.live("fails in bounded time when Redis is away or silent", () =>
    Effect.scoped(Effect.gen(function*() {
      const away = yield* Effect.flip(Effect.timeout(Effect.provide(ping, inRedis(60, "redis://127.0.0.1:1")), "5 seconds"))
      assert.strictEqual(away._tag, "StoreError")
      const { url } = yield* startProxy(true)
      const silent = yield* Effect.flip(Effect.timeout(Effect.provide(ping, inRedis(60, url)), "8 seconds"))
      assert.strictEqual(silent._tag, "StoreError")
    })))

  it.live("works again after its connection was cut", () =>
    Effect.scoped(Effect.gen(function*() {
      const { cut, url } = yield* startProxy(false)
      yield* Effect.gen(function*() {
        const snapshots = yield* SnapshotStore
        yield* snapshots.saveWindows([{ reader, snapshot: window(20) }])
        cut()
        yield* Effect.flip(Effect.repeat(snapshots.ping, { times: 100 }))
        yield* Effect.retry(snapshots.ping, { schedule: Schedule.spaced("20 millis"), times: 200 })
        assert.deepStrictEqual(yield* snapshots.loadWindow(reader), window(20))
      }).pipe(Effect.provide(inRedis(60, url)))
    })))

  it.live("takes a window of which Redis evicted a part for none", () =>
    Effect.gen(function*() {
      const snapshots = yield* SnapshotStore
      const admin = new Redis(inject("redisUrl"))
      yield* snapshots.saveWindows([{ reader, snapshot: window(20) }])
      yield* Effect.promise(() => admin.del(`${keyPrefix}window:${reader}`))
      assert.isUndefined(yield* snapshots.loadWindow(reader))
      admin.disconnect()
    }).pipe(Effect.provide(inRedis(60))))
})
