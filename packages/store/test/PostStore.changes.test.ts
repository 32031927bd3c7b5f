import { assert, layer } from "@effect/vitest"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { AccountStore } from "../src/AccountStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { people, post } = Database
const text = (value: string) => ({ text: value, spoiler: "", sensitive: false, language: null })

layer(Database.layer, { excludeTestServices: true })("PostStore", (it) => {
  it.effect("edits at the version that the writer knows, and keeps the history", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const outbox = yield* OutboxStore
      const [ann] = yield* people(1)
      const first = yield* post(ann!, { text: "one" })
      const edited = yield* posts.edit(first.id, 1, text("two"))
      assert.deepInclude(edited?.post, { text: "two", version: 2 })
      assert.isUndefined(yield* posts.edit(first.id, 1, text("lost")))
      yield* posts.edit(first.id, 2, text("three"))
      const history = yield* posts.history(first.id)
      assert.deepStrictEqual(history.map((entry) => entry.text), ["one", "two", "three"])
      assert.strictEqual(history[0]?.at, Snowflake.millisOf(first.id))
      assert.strictEqual(history[1]?.at, edited?.post.editedAt)
      const [taken] = yield* outbox.take([edited!.outboxId], 1_000)
      assert.deepStrictEqual([taken?.owner, taken?.task], [ann!.id, { _tag: "Edited", postId: first.id }])
    }))

  it.effect("lets one of many concurrent edits of a version through", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann] = yield* people(1)
      const { id } = yield* post(ann!)
      const edits = Array.from({ length: 10 }, (_, i) => posts.edit(id, 1, text(`${i}`)))
      const done = (yield* Effect.all(edits, { concurrency: "unbounded" })).filter((result) => result !== undefined)
      assert.strictEqual(done.length, 1)
    }))

  it.effect("a deleted post leaves every count that it was part of, once", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const posts = yield* PostStore
      const accounts = yield* AccountStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!)
      const reply = yield* post(bob!, { replyTo: root.id })
      const wrapper = yield* post(bob!, { repostOf: root.id })
      const both = yield* Effect.all([posts.remove(reply.id), posts.remove(reply.id)], { concurrency: 2 })
      assert.strictEqual(both.filter((result) => result !== undefined).length, 1)
      const [taken] = yield* outbox.take([(yield* posts.remove(wrapper.id))!.outboxId], 1_000)
      assert.deepStrictEqual(taken?.task, { _tag: "Removed", postId: wrapper.id, replyTo: null, repostOf: root.id })
      assert.deepInclude((yield* posts.byIds([root.id]))[0], { replies: 0, reposts: 0 })
      assert.strictEqual((yield* accounts.byIds([bob!.id]))[0]?.statuses, 0)
      assert.isUndefined(yield* posts.repostBy(bob!.id, root.id))
      assert.sameMembers([...yield* posts.deletedAmong([root.id, reply.id, wrapper.id, 3n as PostId])], [reply.id, wrapper.id])
      assert.deepStrictEqual(yield* posts.setLikes([{ postId: reply.id, account: ann!.id, liked: true }]), new Map())
      assert.isUndefined(yield* posts.edit(reply.id, 1, text("late")))
    }))

  it.effect("a deleted post takes its wrappers along, also those made at that moment", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const accounts = yield* AccountStore
      const [ann, ...others] = yield* people(21)
      const root = yield* post(ann!)
      const reposts = others.map((other) => Database.attempt(other, { repostOf: root.id }))
      const removal = Effect.andThen(Effect.yieldNow, posts.remove(root.id))
      const [results] = yield* Effect.all([Effect.all(reposts, { concurrency: "unbounded" }), removal], { concurrency: 2 })
      const made = results.flatMap((result) => result._tag === "Published" ? [result.post.id] : [])
      assert.deepStrictEqual(yield* posts.byIds(made), [])
      const rows = yield* accounts.byIds(others.map((other) => other.id))
      assert.isTrue(rows.every((row) => row.statuses === 0))
      assert.deepStrictEqual(yield* posts.repostedBy(root.id, { before: undefined, after: undefined, limit: 100 }), [])
    }))

  it.effect("counts likes exactly in a storm of overlapping batches", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, ...fans] = yield* people(31)
      const { id } = yield* post(ann!)
      const batches = Array.from({ length: 30 }, (_, i) =>
        posts.setLikes(fans.filter((_, at) => (at + i) % 3 !== 0).map((fan, at) => ({
          postId: id,
          account: fan.id,
          liked: (at + i) % 4 !== 0
        })).sort(() => i % 2 - 0.5)))
      yield* Effect.all(batches, { concurrency: "unbounded" })
      const liked = yield* posts.likedBy(id, { before: undefined, after: undefined, limit: 100 })
      assert.strictEqual((yield* posts.byIds([id]))[0]?.likes, liked.length)
      const everyone = fans.map((fan) => ({ postId: id, account: fan.id, liked: true }))
      assert.strictEqual((yield* posts.setLikes(everyone)).get(id), 30)
      assert.strictEqual((yield* posts.setLikes(everyone)).get(id), 30)
      assert.strictEqual((yield* posts.setLikes([...everyone, { postId: id, account: fans[0]!.id, liked: false }])).get(id), 29)
    }))

  it.effect("counts likes of many posts in one batch, each its own, and leaves out what is gone", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, ...fans] = yield* people(4)
      const [one, two, lost] = [yield* post(ann!), yield* post(ann!), yield* post(ann!)]
      yield* posts.remove(lost.id)
      const likes = (postId: PostId, who: ReadonlyArray<(typeof fans)[number]>, liked = true) =>
        who.map((fan) => ({ postId, account: fan.id, liked }))
      const first = yield* posts.setLikes([...likes(two.id, fans), ...likes(one.id, fans.slice(1)), ...likes(lost.id, fans)])
      assert.deepStrictEqual(first, new Map([[one.id, 2], [two.id, 3]]))
      const second = yield* posts.setLikes([...likes(two.id, fans, false), ...likes(one.id, fans)])
      assert.deepStrictEqual(second, new Map([[one.id, 3], [two.id, 0]]))
      const byId = new Map((yield* posts.byIds([one.id, two.id])).map((found) => [found.id, found.likes]))
      assert.deepStrictEqual([byId.get(one.id), byId.get(two.id)], [3, 0])
    }))

  it.effect("answers marks only where there are some", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob] = yield* people(2)
      const root = yield* post(ann!)
      yield* post(bob!, { repostOf: root.id })
      yield* posts.setLikes([{ postId: root.id, account: ann!.id, liked: true }])
      const pairs = [ann!, bob!].map((viewer) => ({ viewer: viewer.id, postId: root.id }))
      assert.sameDeepMembers([...yield* posts.marks([...pairs, { viewer: ann!.id, postId: 4n as PostId }])], [
        { viewer: ann!.id, postId: root.id, liked: true, reposted: false, bookmarked: false, muted: false },
        { viewer: bob!.id, postId: root.id, liked: false, reposted: true, bookmarked: false, muted: false }
      ])
    }))

  it.effect("walks conversations up and down", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann] = yield* people(1)
      const root = yield* post(ann!)
      const one = yield* post(ann!, { replyTo: root.id })
      const two = yield* post(ann!, { replyTo: one.id })
      const aside = yield* post(ann!, { replyTo: root.id })
      assert.deepStrictEqual(yield* posts.ancestors(two.id, 10), [root.id, one.id])
      assert.deepStrictEqual(yield* posts.ancestors(two.id, 1), [one.id])
      assert.deepStrictEqual(yield* posts.descendants(root.id, 10), [one.id, two.id, aside.id])
      yield* posts.remove(one.id)
      assert.deepStrictEqual(yield* posts.ancestors(two.id, 10), [])
      assert.deepStrictEqual(yield* posts.descendants(root.id, 1), [two.id])
    }))
})
