import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import { LinkError } from "@rookery/bus/Links"
import * as Gossip from "@rookery/protocol/Gossip"
import { StoreError } from "@rookery/store/StoreError"
import type { GossipBatch, GossipRange } from "@rookery/store/GossipStore"
import { Effect } from "effect"
import * as Answers from "../src/gossip/Answers.ts"
import * as Applier from "../src/gossip/Applier.ts"
import * as Repair from "../src/gossip/Repair.ts"
import * as Shipper from "../src/gossip/Shipper.ts"
import * as World from "./gossipWorld.ts"

const around: Applier.Around = { after: World.noAfter, askPosts: () => {} }
const broken = new StoreError({ operation: "test", cause: "broken" })

describe("the applier", () => {
  it.effect("applies what waits together, and keeps what cannot be read without stopping for it", () =>
    Effect.scoped(Effect.gen(function*() {
      const { apply, calls } = World.applied()
      const kept: Array<string> = []
      const world = yield* World.make(LinksMemory.make(World.names), 1, {
        apply,
        refuse: (origin, reason) => Effect.sync(() => void kept.push(`${origin} ${reason}`))
      })
      const [one, two] = [World.post(0), World.post(0)]
      const good = [one, two].map((fact) => World.arrival(Gossip.encode("east", [fact])))
      const bad = [
        World.arrival(new Uint8Array([9, 9])),
        World.arrival(new Uint8Array([1])),
        World.arrival(Gossip.encode("south", [one])),
        World.arrival(Gossip.encode("east", [World.post(1)]))
      ]
      yield* Applier.applyAll(world, 0, around, [good[0]!, ...bad, good[1]!].map(({ message }) => message))
      assert.deepStrictEqual(calls, [[one, two]])
      assert.deepStrictEqual(good.map(({ fate }) => fate), [{ acked: 1, refused: [] }, { acked: 1, refused: [] }])
      assert.deepStrictEqual(kept, ["east version", "east malformed", "east datacenter", "east foreign"])
      assert.deepStrictEqual(bad.map(({ fate }) => fate.refused), [["version"], ["malformed"], ["datacenter"], ["foreign"]])
    })))

  it.effect("takes small messages by the thousand, and large ones in transactions that are bounded", () =>
    Effect.scoped(Effect.gen(function*() {
      const { apply, calls } = World.applied()
      const world = yield* World.make(LinksMemory.make(World.names), 1, { apply })
      const messagesOf = (count: number, facts: number) =>
        Array.from({ length: count }, () => World.arrival(Gossip.encode("east", Array.from({ length: facts }, () => World.post(0)))).message)
      yield* Applier.applyAll(world, 0, around, messagesOf(300, 2))
      assert.deepStrictEqual(calls.map((facts) => facts.length), [600])
      yield* Applier.applyAll(world, 0, around, messagesOf(23, 500))
      assert.deepStrictEqual(calls.map((facts) => facts.length), [600, 5_000, 5_000, 1_500])
    })))

  it.live("leaves a message that fails for another time, gives it up after several, and never while the database is away", () =>
    Effect.scoped(Effect.gen(function*() {
      const poison = World.post(0)
      const good = World.post(0)
      const kept: Array<string> = []
      let isAway = false
      const world = yield* World.make(LinksMemory.make(World.names), 1, {
        apply: (_, facts) => isAway || facts.includes(poison) ||
            facts.some((fact) => fact._tag === "Post" && fact.id === poison.id) ? Effect.fail(broken) : Effect.succeed(World.nothingApplied),
        backlog: Effect.suspend(() => isAway ? Effect.fail(broken) : Effect.succeed({ rows: 0, oldestMillis: 0 })),
        refuse: (_, reason) => Effect.sync(() => void kept.push(reason.split(":")[0]!))
      })
      const first = [World.arrival(Gossip.encode("east", [poison])), World.arrival(Gossip.encode("east", [good]))]
      yield* Applier.applyAll(world, 0, around, first.map(({ message }) => message))
      assert.deepStrictEqual(first.map(({ fate }) => fate.acked), [0, 1])
      isAway = true
      const away = World.arrival(Gossip.encode("east", [poison]), 99)
      yield* Effect.flip(Applier.applyAll(world, 0, around, [away.message]))
      assert.deepStrictEqual([away.fate, kept], [{ acked: 0, refused: [] }, []])
      isAway = false
      const last = World.arrival(Gossip.encode("east", [poison]), 4)
      yield* Applier.applyAll(world, 0, around, [last.message])
      assert.deepStrictEqual(kept, ["failed"])
      assert.strictEqual(last.fate.refused.length, 1)
    })))
})

describe("the shipper", () => {
  it.effect("sends a batch again under the ids it had, and forgets it only when the stream has it", () =>
    Effect.scoped(Effect.gen(function*() {
      const batches: Array<GossipBatch> = [
        { id: 7n, destination: -1, facts: [World.post(0), World.post(0)] },
        { id: 8n, destination: 1, facts: [World.post(0)] }
      ]
      const shipped: Array<bigint> = []
      const made = yield* World.make(LinksMemory.make(World.names), 0, {
        claim: () => Effect.succeed(batches),
        shipped: (ids) => Effect.sync(() => void shipped.push(...ids))
      })
      const sent: Array<ReadonlyArray<string>> = []
      let isAway = true
      const world = {
        ...made,
        links: {
          ...made.links,
          send: (parcels: Parameters<typeof made.links.send>[0]) =>
            Effect.suspend(() => {
              sent.push(parcels.map(({ id, to }) => `${id} ${to._tag}`))
              return isAway ? Effect.fail(new LinkError({ reason: "away", cause: undefined })) : Effect.void
            })
        }
      }
      yield* Effect.flip(Shipper.ship(world))
      assert.deepStrictEqual(shipped, [])
      isAway = false
      assert.strictEqual(yield* Shipper.ship(world), 3)
      assert.deepStrictEqual(sent, [["gossip-7-0 All", "gossip-8-0 One"], ["gossip-7-0 All", "gossip-8-0 One"]])
      assert.deepStrictEqual(shipped, [7n, 8n])
    })))
})

describe("the comparison", () => {
  it.effect("splits what differs until it is small, and asks for that alone", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const posts = Array.from({ length: 3_000 }, (_, i) => World.post(0, { id: World.idOf(0, 1_760_000_000_000 + i * 60_000) as never }))
      const there = new Set(posts.map((fact) => fact.id as bigint))
      const here = new Set(there)
      const lost = [posts[17]!, posts[2_500]!]
      for (const fact of lost) here.delete(fact.id)
      const digestOf = (ids: ReadonlySet<bigint>) => ({ from, to }: GossipRange) =>
        Effect.sync(() => {
          const found = [...ids].filter((id) => id >= from && id < to)
          return { count: found.length, hash: BigInt.asUintN(64, found.reduce((sum, id) => sum + id * 31n, 0n)), isWhole: true }
        })
      const east = yield* World.make(links, 0, {
        digest: digestOf(there),
        facts: ({ from, to }, limit) => Effect.sync(() => posts.filter(({ id }) => id >= from && id < to).slice(0, limit))
      })
      const asked: Array<number> = []
      const west = yield* World.make(links, 1, {
        digest: digestOf(here),
        keys: ({ from, to }) => Effect.sync(() => [...here].filter((id) => id >= from && id < to).map((key) => ({ key, other: 0n }))),
        apply: (_, facts) => Effect.sync(() => {
          asked.push(facts.length)
          for (const fact of facts) if (fact._tag === "Post") here.add(fact.id)
          return World.nothingApplied
        })
      })
      yield* Answers.start(east)
      const range = { kind: "posts" as const, origin: 0, asker: 1, from: 0n, to: posts.at(-1)!.id + 1n, deletedAfter: 0 }
      const pass = Repair.pass(west, World.noAfter, 0)
      yield* Repair.compare(pass, [range])
      assert.deepStrictEqual(here, there)
      assert.strictEqual(pass.repaired, 2)
      assert.isBelow(asked.reduce((a, b) => a + b, 0), 2_001)
      const again = Repair.pass(west, World.noAfter, 0)
      yield* Repair.compare(again, [range])
      assert.deepStrictEqual([again.asks, again.repaired], [1, 0])
    })))

  it.effect("asks for all of a range of which nearly nothing stands here, page by page, and for the end of what stands here alone", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const posts = Array.from({ length: 12_000 }, (_, i) => World.post(0, { id: World.idOf(0, 1_760_000_000_000 + i * 1_000) as never }))
      const stray = World.idOf(0, 1_760_000_000_000 + 7_000_500)
      const here = new Map<bigint, string>([[stray, "Post"], [posts[3]!.id, "Post"]])
      const east = yield* World.make(links, 0, {
        digest: () => Effect.succeed({ count: posts.length, hash: 1n, isWhole: true }),
        facts: ({ from, to }, limit) => Effect.sync(() => posts.filter(({ id }) => id >= from && id < to).slice(0, limit)),
        postsOf: (ids) => Effect.succeed(ids.map((id) => ({ _tag: "Tombstone", id, author: id as never, deletedAt: 1 }) as const))
      })
      const pages: Array<number> = []
      const west = yield* World.make(links, 1, {
        digest: () => Effect.sync(() => ({ count: here.size, hash: 2n, isWhole: true })),
        keys: ({ from, to }) => Effect.sync(() => [...here.keys()].filter((id) => id >= from && id < to).map((key) => ({ key, other: 0n }))),
        apply: (_, facts) => Effect.sync(() => {
          pages.push(facts.length)
          for (const fact of facts) if (fact._tag === "Post" || fact._tag === "Tombstone") here.set(fact.id, fact._tag)
          return World.nothingApplied
        })
      })
      yield* Answers.start(east)
      const pass = Repair.pass(west, World.noAfter, 0)
      yield* Repair.compare(pass, [{ kind: "posts", origin: 0, asker: 1, from: 0n, to: posts.at(-1)!.id + 1n, deletedAfter: 0 }])
      assert.strictEqual(here.size, posts.length + 1)
      assert.strictEqual(here.get(stray), "Tombstone")
      assert.deepStrictEqual([pass.asks, pass.repaired], [4, 1], "digests, and three pages")
      assert.isAtMost(Math.max(...pages), 2_500)
    })))

  it.effect("compares the parts of what is too much to look at", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const ids = Array.from({ length: 4_000 }, (_, i) => BigInt(i))
      const digestOf = (lacking: bigint | undefined) => ({ from, to }: GossipRange) =>
        Effect.sync(() => {
          const found = ids.filter((id) => id >= from && id < to && id !== lacking)
          return { count: found.length, hash: found.reduce((sum, id) => sum + id, 0n), isWhole: to - from <= 1_000n }
        })
      const asked: Array<GossipRange> = []
      const east = yield* World.make(links, 0, {
        digest: digestOf(undefined),
        facts: (range) => Effect.sync(() => {
          asked.push(range)
          return []
        })
      })
      const west = yield* World.make(links, 1, { digest: digestOf(1_234n), keys: () => Effect.succeed([]) })
      yield* Answers.start(east)
      yield* Repair.compare(Repair.pass(west, World.noAfter, 0), [
        { kind: "posts", origin: 0, asker: 1, from: 0n, to: 4_000n, deletedAfter: 0 }
      ])
      assert.strictEqual(asked.length, 1)
      assert.isTrue(asked[0]!.from <= 1_234n && asked[0]!.to > 1_234n && asked[0]!.to - asked[0]!.from < 100n)
    })))
})
