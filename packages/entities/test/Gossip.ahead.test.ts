import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import type { PostId } from "@rookery/domain/Ids"
import type { AuthorStore } from "@rookery/store/AuthorStore"
import { Effect, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as Ahead from "../src/gossip/Ahead.ts"
import * as World from "./gossipWorld.ts"

describe("news of posts", () => {
  it.live("of authors with many readers here have their contents fetched; copies of what changed go", () =>
    Effect.scoped(Effect.gen(function*() {
      const world = yield* World.make(LinksMemory.make(World.names), 1)
      const [read, unread] = [World.post(0), World.post(0)]
      const ended = World.idOf(0) as PostId
      const authors = {
        load: (author: bigint) => Effect.succeed({ followers: author === read.author ? 100 : 99 })
      } as unknown as AuthorStore["Service"]
      const fetched: Array<string> = []
      const fetch: Ahead.Fetch = (home, wants) =>
        Effect.sync(() => void fetched.push(...wants.map(({ id, version }) => `${home} ${id} ${version}`)))
      const posted = yield* Ahead.make(world, authors, fetch)
      yield* world.copies.put([{ id: ended, version: 1, text: "gone soon", spoiler: "", language: null, mentions: [], media: [] }])
      yield* world.copies.putMissing([unread.id])
      yield* posted([unread, read, { _tag: "Tombstone", id: ended, author: read.author, deletedAt: 1 }])
      assert.strictEqual((yield* world.copies.get([ended, unread.id])).size, 0)
      yield* Effect.repeat(Effect.sync(() => fetched.length), { until: (n) => n > 0, schedule: Schedule.spaced("10 millis"), times: 2_000 })
      assert.deepStrictEqual(fetched, [`0 ${read.id} 1`])
    })))

  it.effect("are fetched also after a fetch that never ended", () =>
    Effect.scoped(Effect.gen(function*() {
      const world = yield* World.make(LinksMemory.make(World.names), 1)
      const authors = { load: () => Effect.succeed({ followers: 1_000 }) } as unknown as AuthorStore["Service"]
      const asked: Array<bigint> = []
      const fetch: Ahead.Fetch = (_, wants) =>
        Effect.suspend(() => asked.push(...wants.map(({ id }) => id)) === 1 ? Effect.never : Effect.void)
      const posted = yield* Ahead.make(world, authors, fetch)
      const [stuck, next] = [World.post(0), World.post(0)]
      yield* posted([stuck])
      yield* posted([next])
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(asked, [stuck.id])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(asked, [stuck.id, next.id])
    })))
})
