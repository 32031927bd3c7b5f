import { assert, describe, it } from "@effect/vitest"
import type { AccountId, MediaId, PostId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import { Effect } from "effect"
import { AttachmentStore } from "../src/AttachmentStore.ts"
import { GossipStore } from "../src/GossipStore.ts"
import { ModerationStore } from "../src/ModerationStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TopicStore } from "../src/TopicStore.ts"
import { TrendStore } from "../src/TrendStore.ts"
import * as World from "./gossipWorld.ts"

const { account, apply, flow, post, take, world } = World

const newest = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 20 }

const topic = ({ run }: World.Datacenter, name: string, onlyMedia = false) =>
  run(Effect.flatMap(TopicStore, (topics) => topics.page(name, { ...newest, onlyMedia })))

const taggedBy = ({ run }: World.Datacenter, author: AccountId, tag: string) =>
  run(Effect.flatMap(TopicStore, (topics) =>
    topics.authorTagged(author, tag, { ...newest, excludeReplies: false, excludeReposts: false, includePrivate: true })))

const edit = ({ run }: World.Datacenter, id: PostId, version: number, text: string) =>
  run(Effect.flatMap(PostStore, (posts) => posts.edit(id, version, { text, spoiler: "", sensitive: false, language: null })))

const remove = ({ run }: World.Datacenter, id: PostId) => run(Effect.flatMap(PostStore, (posts) => posts.remove(id)))

const trending = ({ run }: World.Datacenter) =>
  run(Effect.gen(function*() {
    const trends = yield* TrendStore
    yield* trends.refresh(Date.now() + 1_000, { everyMillis: 0, halfLifeMillis: 3_600_000, accountsMin: 1 })
    return (yield* trends.tags).map(({ tag }) => tag).toSorted()
  }))

const stemOf = (id: bigint) => Media.stemOf(id, "0123456789abcdef".repeat(2))

/** A picture that is ready to be posted. */
const picture = ({ number, run }: World.Datacenter, owner: AccountId) =>
  run(Effect.gen(function*() {
    const attachments = yield* AttachmentStore
    const id = World.idOf(number) as MediaId
    const size = { width: 30, height: 20 }
    const shown: Media.Media = { id, stem: stemOf(id), extension: "webp", original: size, small: size, blurhash: "L", description: null, focus: null }
    yield* attachments.reserve({ id, account: owner, purpose: "post", objects: [Media.keyOf(shown.stem, "original", "webp")], shown })
    yield* attachments.stored(id)
    return id
  }))

describe("tags of posts of another datacenter", () => {
  it.live("are in the timelines and trends of tags as own ones, follow edits, and go with the post", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const [first, second] = [yield* post(north!, ann, { text: "#Rook and #crow" }), yield* post(north!, ann, { text: "a #rook" })]
      const hidden = yield* post(north!, ann, { text: "#rook for few", visibility: "private" })
      yield* post(north!, ann, { text: "nothing" })
      yield* flow([north!, south!])
      assert.deepStrictEqual(yield* topic(south!, "#rook"), [second.id, first.id])
      assert.deepStrictEqual(yield* topic(south!, "#crow"), [first.id])
      assert.deepStrictEqual(yield* taggedBy(south!, ann.id, "rook"), [hidden.id, second.id, first.id])
      yield* edit(north!, first.id, 1, "a #jay")
      yield* flow([north!, south!])
      assert.deepStrictEqual([yield* topic(south!, "#rook"), yield* topic(south!, "#crow"), yield* topic(south!, "#jay")], [[second.id], [], [first.id]])
      yield* remove(north!, second.id)
      yield* flow([north!, south!])
      assert.deepStrictEqual(yield* topic(south!, "#rook"), [])
    })))

  it.live("trend as own ones, without what ended and those who are suspended", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const people = yield* Effect.forEach(["ann", "bob", "cat"], (name) => account(north!, name))
      const posts = yield* Effect.forEach(people, (who) => post(north!, who, { text: "#rook #crow" }))
      yield* flow([north!, south!])
      assert.deepStrictEqual(yield* trending(south!), ["crow", "rook"])
      yield* edit(north!, posts[0]!.id, 1, "#crow")
      yield* remove(north!, posts[1]!.id)
      yield* flow([north!, south!])
      assert.deepStrictEqual(yield* trending(south!), ["crow"])
      yield* north!.run(Effect.flatMap(ModerationStore, (moderation) => moderation.setSuspended(people[2]!.id, true, { by: null, reason: "" })))
      yield* flow([north!, south!])
      assert.deepStrictEqual(yield* trending(south!), [])
    })))

  it.live("come with what the owner says when the announcement was lost, as do pictures", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      yield* flow([north!, south!])
      const media = yield* picture(north!, ann.id)
      const [drawn, ended] = [yield* post(north!, ann, { text: "look #rook", media: [media] }), yield* post(north!, ann, { text: "#rook" })]
      yield* remove(north!, ended.id)
      yield* take(north!)
      const range = { kind: "posts", origin: 0, asker: 1, from: 0n, to: drawn.id + 2n ** 40n, deletedAfter: 0 } as const
      const facts = yield* north!.run(Effect.flatMap(GossipStore, (gossip) => gossip.facts(range, 100)))
      const asked = yield* north!.run(Effect.flatMap(GossipStore, (gossip) => gossip.postsOf([drawn.id], 1)))
      assert.deepStrictEqual(asked, facts.filter((fact) => fact._tag === "Post"))
      yield* apply(south!, 0, facts)
      assert.deepStrictEqual(yield* topic(south!, "#rook"), [drawn.id])
      assert.deepStrictEqual(yield* topic(south!, "#rook", true), [drawn.id])
      assert.deepStrictEqual(yield* topic(south!, "*", true), [drawn.id])
    })))

  it.live("are told of to the streams of their topics when the post comes, changes and ends, once", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const bob = yield* account(south!, "bob")
      yield* flow([north!, south!])
      const carry = Effect.flatMap(take(north!), (told) => apply(south!, 0, told.map(({ fact }) => fact)))
      const { id } = yield* post(north!, ann, { text: "#rook" })
      const facts = (yield* take(north!)).map(({ fact }) => fact)
      assert.deepStrictEqual((yield* apply(south!, 0, facts)).news, [{ id, kind: "update", topics: ["*", "#rook"], people: [] }])
      assert.deepStrictEqual((yield* apply(south!, 0, facts)).news, [])
      yield* edit(north!, id, 1, "#crow")
      assert.deepStrictEqual((yield* carry).news, [{ id, kind: "edit", topics: ["*", "#crow"], people: [] }])
      yield* remove(north!, id)
      assert.deepStrictEqual((yield* carry).news, [{ id, kind: "delete", topics: ["*", "#crow"], people: [] }])
      const direct = yield* post(north!, ann, { text: "@bob #rook", mentions: ["bob"], visibility: "direct" })
      assert.deepStrictEqual((yield* carry).news, [{ id: direct.id, kind: "update", topics: [], people: [bob.id] }])
    })))
})

describe("pictures of a profile of another datacenter", () => {
  it.live("are named there, and no more when they are taken away", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      yield* flow([north!, south!])
      const id = World.idOf(0)
      const key = Media.keyOf(stemOf(id), "avatar", "webp")
      yield* north!.run(Effect.gen(function*() {
        const attachments = yield* AttachmentStore
        yield* attachments.reserve({ id: id as MediaId, account: ann.id, purpose: "avatar", objects: [key], shown: null })
        yield* attachments.stored(id as MediaId)
        yield* attachments.setPicture(ann.id, "avatar", { id: id as MediaId, key })
      }))
      yield* flow([north!, south!])
      assert.deepInclude(yield* World.seen(south!, ann), { avatar: key, header: null })
      yield* north!.run(Effect.flatMap(AttachmentStore, (attachments) => attachments.setPicture(ann.id, "avatar", null)))
      yield* flow([north!, south!])
      assert.deepInclude(yield* World.seen(south!, ann), { avatar: null, header: null })
    })))
})
