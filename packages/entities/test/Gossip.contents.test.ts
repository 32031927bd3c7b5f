import { assert, describe, it } from "@effect/vitest"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import type { PostFact } from "@rookery/domain/GossipFact"
import type { LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import { type Media, stemOf } from "@rookery/domain/Media"
import type { Post } from "@rookery/domain/Post"
import * as Protocol from "@rookery/protocol/Contents"
import * as Histories from "@rookery/protocol/Histories"
import type { PostStore } from "@rookery/store/PostStore"
import { Deferred, Effect, Fiber, Schedule } from "effect"
import * as ContentAnswers from "../src/gossip/ContentAnswers.ts"
import * as Contents from "../src/gossip/Contents.ts"
import * as World from "./gossipWorld.ts"

const picture: Media = {
  id: 7n as MediaId,
  stem: stemOf(7n, "0123456789abcdef".repeat(2)),
  extension: "jpg",
  original: { width: 640, height: 480 },
  small: { width: 400, height: 300 },
  blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
  description: "a rook",
  focus: { x: -0.1, y: 0.25 }
}

const stored = (fact: PostFact, text: string): Post => ({
  id: fact.id,
  author: fact.author,
  authorNo: 1 as LocalNo,
  text,
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: "en",
  replyTo: null,
  replyToAuthor: null,
  repostOf: null,
  editedAt: null,
  version: fact.version,
  likes: 0,
  reposts: 0,
  replies: 0,
  bookmarks: 0,
  pinned: false,
  mentions: [],
  media: [picture]
})

/** The east owns `facts`; each question to it waits for `gate`. The west fetches. */
const ground = (facts: ReadonlyArray<PostFact>, gate: Effect.Effect<void> = Effect.void, copyAgeMillis?: number) =>
  Effect.gen(function*() {
    const links = LinksMemory.make(World.names)
    const questions: Array<number> = []
    const east = yield* World.make(links, 0, {
      postsOf: (ids) =>
        Effect.as(
          Effect.andThen(Effect.sync(() => void questions.push(ids.length)), gate),
          ids.map((id) => facts.find((fact) => fact.id === id) ?? { _tag: "Tombstone", id, author: id as never, deletedAt: Date.now() })
        )
    })
    const posts = {
      byIds: (ids: ReadonlyArray<PostId>) =>
        Effect.succeed(facts.filter((fact) => ids.includes(fact.id)).map((fact) => stored(fact, `text ${fact.version}`)))
    } as unknown as PostStore["Service"]
    yield* ContentAnswers.start(east, posts)
    const { apply, calls } = World.applied()
    const made = yield* World.make(links, 1, { apply })
    const west = copyAgeMillis === undefined ? made : { ...made, settings: { ...made.settings, copyAgeMillis } }
    return { calls, fetcher: yield* Contents.make(west, World.noAfter), links, questions, west }
  })

const want = ({ id, version }: PostFact) => ({ id, version })

describe("contents of posts elsewhere", () => {
  it.live("are asked of their owner once, however many wait, and kept", () =>
    Effect.scoped(Effect.gen(function*() {
      const facts = [World.post(0), World.post(0)]
      const gate = yield* Deferred.make<void>()
      const { calls, fetcher, questions } = yield* ground(facts, Deferred.await(gate))
      const waiting = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.forkChild(fetcher.fetch(0, facts.map(want))))
      yield* Effect.repeat(Effect.sync(() => questions.length), { until: (n) => n > 0, schedule: Schedule.spaced("10 millis"), times: 2_000 })
      const late = yield* Effect.forkChild(fetcher.fetch(0, [want(facts[1]!)]))
      yield* Deferred.succeed(gate, undefined)
      for (const fiber of waiting) {
        assert.deepStrictEqual((yield* Fiber.join(fiber)).map((copy) => typeof copy === "object" ? copy.text : copy), ["text 1", "text 1"])
      }
      yield* Fiber.join(late)
      yield* fetcher.fetch(0, facts.map(want))
      assert.deepStrictEqual(questions, [2])
      assert.deepStrictEqual(calls, [])
    })))

  it.live("bring the announcement with them where it is not known, and the end where there is one", () =>
    Effect.scoped(Effect.gen(function*() {
      const fact = World.post(0, { version: 3 })
      const ended = World.post(0)
      const { calls, fetcher, questions } = yield* ground([fact])
      const fetched = yield* fetcher.fetch(0, [{ id: fact.id, version: 0 }, want(ended)])
      assert.deepInclude(fetched[0], { id: fact.id, version: 3, text: "text 3", language: "en", media: [picture] })
      assert.strictEqual(fetched[1], "missing")
      assert.deepStrictEqual(calls.map((told) => told.map(({ _tag }) => _tag)), [["Post", "Tombstone"]])
      assert.deepStrictEqual((yield* fetcher.fetch(0, [want(ended)])), ["missing"])
      assert.strictEqual(questions.length, 1)
    })))

  it.live("are left for later at once while the owner is cut off, and come after", () =>
    Effect.scoped(Effect.gen(function*() {
      const fact = World.post(0)
      const { fetcher, links, west } = yield* ground([fact])
      links.cut("east", "west")
      const started = performance.now()
      assert.deepStrictEqual(yield* fetcher.fetch(0, [want(fact)]), ["later"])
      assert.isBelow(performance.now() - started, 2_900)
      links.heal("east", "west")
      const fetched = yield* Effect.repeat(fetcher.fetch(0, [want(fact)]), { until: ([copy]) => typeof copy === "object", schedule: Schedule.spaced("50 millis"), times: 400 })
      assert.deepInclude(fetched[0], { text: "text 1" })
      assert.strictEqual(yield* west.copies.size, 1)
    })))

  it.live("of posts that were not asked for are not kept: they may be another's", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const [own, others] = [World.post(0), World.post(1)]
      const east = yield* World.make(links, 0)
      const contents = [own, others].map(({ id }) => ({ id, version: 1, text: "said", spoiler: "", language: null, mentions: [], media: [] }))
      yield* east.links.answer("content", () => Effect.succeed(Protocol.encodeTold("east", [], { contents, later: [] })))
      const west = yield* World.make(links, 1)
      const fetcher = yield* Contents.make(west, World.noAfter)
      assert.deepStrictEqual(yield* fetcher.fetch(0, [want(own)]), [contents[0]!])
      assert.deepStrictEqual([...(yield* west.copies.get([own.id, others.id])).keys()], [own.id])
    })))

  it.live("are asked for again when what is kept is older than the announcement, and not kept of old posts", () =>
    Effect.scoped(Effect.gen(function*() {
      const fact = World.post(0, { version: 2 })
      const { fetcher, west } = yield* ground([fact])
      yield* west.copies.put([{ id: fact.id, version: 1, text: "old", spoiler: "", language: null, mentions: [], media: [] }])
      assert.deepInclude((yield* fetcher.fetch(0, [{ id: fact.id, version: 1 }]))[0], { text: "old" })
      assert.deepInclude((yield* fetcher.fetch(0, [want(fact)]))[0], { text: "text 2" })

      const old = World.post(0, { id: World.idOf(0, Date.now() - 91 * 86_400_000) as PostId })
      const other = yield* ground([old])
      assert.deepInclude((yield* other.fetcher.fetch(0, [want(old)]))[0], { text: "text 1" })
      assert.strictEqual(yield* other.west.copies.size, 0)
    })))

  it.live("are told with all the texts that there were, and none of what ended, or is for nobody there", () =>
    Effect.scoped(Effect.gen(function*() {
      const links = LinksMemory.make(World.names)
      const [edited, ended, hidden] = [World.post(0), World.post(0), World.post(0)]
      const versions = Array.from({ length: 500 }, (_, n) => ({ text: `text ${n} ${"x".repeat(1_000)}`, spoiler: "", sensitive: n === 1, at: 1_000 + n, media: n === 499 ? [picture] : [] }))
      const east = yield* World.make(links, 0, {
        postsOf: ([id]) => Effect.succeed(id === edited.id ? [edited] : id === ended.id ? [{ _tag: "Tombstone", id: ended.id, author: ended.author, deletedAt: 1 }] : [])
      })
      yield* ContentAnswers.start(east, { history: () => Effect.succeed(versions) } as unknown as PostStore["Service"])
      const west = yield* World.make(links, 1)
      const ask = (id: PostId) => Effect.map(west.links.ask("east", "history", Histories.encodeQuestion(id), 3_000), Histories.decodeAnswer)
      const told = yield* ask(edited.id)
      // As many as an answer holds, up to the text of now.
      assert.isAbove(told.length, 250)
      assert.deepStrictEqual(told, versions.slice(-told.length))
      assert.deepStrictEqual([yield* ask(ended.id), yield* ask(hidden.id)], [[], []])
    })))
})
