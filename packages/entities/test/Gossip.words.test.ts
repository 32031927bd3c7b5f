import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import type { Content } from "@rookery/domain/Content"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Protocol from "@rookery/protocol/Contents"
import { Effect } from "effect"
import * as FarWords from "../src/gossip/FarWords.ts"
import * as World from "./gossipWorld.ts"

describe("words of posts elsewhere", () => {
  it.live("are asked of their owner for search, the end of a post with them, and never while it is cut off", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const [there, gone] = [World.post(0), World.post(0)]
      const content: Content = { id: there.id, version: 1, text: "rook", spoiler: "", language: null, mentions: [], media: [] }
      const east = yield* World.make(links, 0)
      let questions = 0
      yield* east.links.answer("content", () => Effect.sync(() => {
        questions++
        return Protocol.encodeTold("east", [{ _tag: "Tombstone", id: gone.id, author: gone.author, deletedAt: 1 }], { contents: [content], later: [] })
      }))
      const { apply, calls } = World.applied()
      const west = yield* World.make(links, 1, { apply })
      const learnt: Array<unknown> = []
      let wanted = [there, gone]
      const words = {
        wanted: (_: number, since: bigint) => Effect.succeed(wanted.filter(({ id }) => id >= since)),
        learn: (told: ReadonlyArray<Content>, unknown: ReadonlyArray<bigint>) => Effect.sync(() => {
          learnt.push([told, unknown])
          wanted = []
          return told.length
        })
      }
      const look = FarWords.fetch(west, World.noAfter, words, 0)
      links.cut("east", "west")
      assert.strictEqual(yield* look, 1_000)
      links.heal("east", "west")
      assert.strictEqual(yield* look, 1_000)
      assert.deepStrictEqual(learnt, [[[content], [gone.id]]])
      assert.deepStrictEqual(calls.map((facts) => facts.map(({ _tag }) => _tag)), [["Tombstone"]])
      assert.strictEqual(yield* west.copies.size, 0)
      wanted = [World.post(0, { id: Snowflake.make(Date.now() - 91 * 86_400_000, 0, 1) as typeof there.id })]
      yield* look
      assert.strictEqual(questions, 1)
    })))
})
