/** Pictures and the posts and profiles that show them. */
import { assert, describe, it } from "@effect/vitest"
import type { AccountId, MediaId } from "@rookery/domain/Ids"
import * as Media from "@rookery/domain/Media"
import * as Topics from "@rookery/domain/Topics"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { AccountStore } from "../src/AccountStore.ts"
import { AttachmentStore, waitingMax } from "../src/AttachmentStore.ts"
import * as Folder from "../src/folder/MediaStoreFolder.ts"
import { sweepMedia } from "../src/mediaSweep.ts"
import { MediaStore } from "../src/MediaStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import { TopicStore } from "../src/TopicStore.ts"
import { account, attempt, layer, newId, post, row, versionOf } from "./database.ts"

const folder = Layer.unwrap(Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "rookery-media-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  ),
  Folder.layer
))

const newMedia = (description: string | null = null): Media.Media => {
  const id = newId() as MediaId
  return {
    id,
    stem: Media.stemOf(id, "ab".repeat(16)),
    extension: "webp",
    original: { width: 4, height: 3 },
    small: { width: 4, height: 3 },
    blurhash: "L00000fQfQfQfQfQfQfQfQfQfQfQ",
    description,
    focus: null
  }
}

const objectOf = (media: Media.Media) => Media.keyOf(media.stem, "original", media.extension)

/** A stored picture of the account. */
const picture = (owner: { readonly id: AccountId }, description: string | null = null) =>
  Effect.gen(function*() {
    const store = yield* AttachmentStore
    const shown = newMedia(description)
    assert.isTrue(yield* store.reserve({ id: shown.id, account: owner.id, purpose: "post", objects: [objectOf(shown)], shown }))
    yield* (yield* MediaStore).put(objectOf(shown), Buffer.from("bytes"))
    assert.isTrue(yield* store.stored(shown.id))
    return shown
  })

const expireAll = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`UPDATE media SET expires_at = now() WHERE expires_at IS NOT NULL`)

const isThere = (media: Media.Media) => Effect.flatMap(MediaStore, (store) => Effect.map(store.get(objectOf(media)), (found) => {
  found?.bytes.destroy()
  return found !== undefined
}))

const edit = (id: Parameters<PostStore["Service"]["edit"]>[0], version: number, media?: ReadonlyArray<Media.MediaEdit>) =>
  Effect.flatMap(PostStore, (posts) =>
    posts.edit(id, version, { text: "x", spoiler: "", sensitive: false, language: null, ...(media === undefined ? {} : { media }) }))

describe("pictures", () => {
  it.live("are carried by the post that names them, in its order, and by no other", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const [a, b] = [yield* picture(ann, "a\u0000"), yield* picture(ann)]
      const published = yield* post(ann, { text: "", media: [b.id, a.id] })
      assert.deepStrictEqual(published.media, [b, { ...a, description: "a" }])
      const posts = yield* PostStore
      assert.deepStrictEqual(yield* posts.byIds([published.id]), [published])
      assert.deepStrictEqual((yield* attempt(ann, { media: [a.id] }))._tag, "NoMedia")
      assert.deepInclude(yield* (yield* AttachmentStore).mine(ann.id, a.id), { isStored: true, postId: published.id })
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("are refused with the whole post when one is another's, unknown or not stored yet; its key stays unused", () =>
    Effect.gen(function*() {
      const [ann, bob] = [yield* account(), yield* account()]
      const [mine, his] = [yield* picture(ann), yield* picture(bob)]
      const unstored = newMedia()
      yield* (yield* AttachmentStore).reserve({ id: unstored.id, account: ann.id, purpose: "post", objects: [], shown: unstored })
      for (const wrong of [his.id, unstored.id, newId() as MediaId]) {
        assert.strictEqual((yield* attempt(ann, { media: [mine.id, wrong] }, "key"))._tag, "NoMedia")
      }
      const published = yield* attempt(ann, { media: [mine.id] }, "key")
      assert.strictEqual(published._tag, "Published")
      const repeated = yield* attempt(ann, { media: [mine.id] }, "key")
      assert.strictEqual(repeated._tag, "Repeated")
      assert.isUndefined(yield* (yield* AttachmentStore).mine(bob.id, mine.id))
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("go to the first of two posts of one batch, and to one of two that come together", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const posts = yield* PostStore
      const [a, b] = [yield* picture(ann), yield* picture(ann)]
      const version = yield* versionOf(ann)
      const batch = yield* posts.publish([row(ann, version, { media: [a.id] }), row(ann, version), row(ann, version, { media: [a.id] })])
      assert.deepStrictEqual(batch.map((result) => result._tag), ["Published", "Published", "NoMedia"])
      const raced = yield* Effect.all([attempt(ann, { media: [b.id] }), attempt(ann, { media: [b.id] })], { concurrency: 2 })
      assert.deepStrictEqual(raced.map((result) => result._tag).sort(), ["NoMedia", "Published"])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("change with an edit, and the history keeps those before", () =>
    Effect.gen(function*() {
      const [ann, bob] = [yield* account(), yield* account()]
      const posts = yield* PostStore
      const [a, b, his] = [yield* picture(ann), yield* picture(ann), yield* picture(bob)]
      const first = yield* post(ann, { media: [a.id] })
      const second = (yield* edit(first.id, 1, [{ id: b.id, description: "b", focus: { x: 0.5, y: -1 } }, { id: a.id }]))!.post
      const described = { ...b, description: "b", focus: { x: 0.5, y: -1 } }
      assert.deepStrictEqual(second.media, [described, a])
      assert.strictEqual((yield* Effect.flip(edit(first.id, 2, [{ id: his.id }])))._tag, "NoMedia")
      assert.isUndefined(yield* edit(first.id, 1, [{ id: a.id }]))
      assert.deepStrictEqual((yield* edit(first.id, 2))!.post.media, [described, a])
      assert.deepStrictEqual((yield* edit(first.id, 3, []))!.post.media, [])
      const history = yield* posts.history(first.id)
      assert.deepStrictEqual(history.map((one) => one.media), [[a], [described, a], [described, a], []])
      yield* expireAll
      yield* sweepMedia
      assert.isTrue(yield* isThere(a))
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("are kept for a while after their post, for another, and then go with their objects", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const [posts, store] = [yield* PostStore, yield* AttachmentStore]
      const [a, b] = [yield* picture(ann), yield* picture(ann)]
      const first = yield* post(ann, { media: [a.id, b.id] })
      assert.strictEqual(yield* store.release(ann.id, [a.id]), 0)
      assert.deepStrictEqual((yield* posts.remove(first.id))!.post.media, [a, b])
      assert.strictEqual(yield* sweepMedia, 0)
      yield* post(ann, { media: [a.id] })
      yield* expireAll
      assert.strictEqual(yield* sweepMedia, 1)
      assert.deepStrictEqual([yield* isThere(a), yield* isThere(b)], [true, false])
      assert.isUndefined(yield* store.mine(ann.id, b.id))
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("whose objects could not be removed are found again", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const store = yield* AttachmentStore
      const a = yield* picture(ann)
      assert.strictEqual(yield* store.release(ann.id, [a.id]), 1)
      assert.lengthOf(yield* store.doomed(10), 1)
      assert.strictEqual((yield* attempt(ann, { media: [a.id] }))._tag, "NoMedia")
      assert.isTrue(yield* isThere(a))
      assert.deepStrictEqual([yield* sweepMedia, yield* isThere(a), yield* sweepMedia], [1, false, 0])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("go with a post that a moderator deletes, and cannot be had for another", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const a = yield* picture(ann)
      const { id } = yield* post(ann, { media: [a.id] })
      yield* (yield* PostStore).remove(id, { by: null, reason: "no" })
      assert.strictEqual((yield* attempt(ann, { media: [a.id] }))._tag, "NoMedia")
      assert.deepStrictEqual([yield* sweepMedia, yield* isThere(a)], [1, false])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("wait in a bounded number", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const store = yield* AttachmentStore
      const reserve = Effect.suspend(() => {
        const shown = newMedia()
        return store.reserve({ id: shown.id, account: ann.id, purpose: "post", objects: [objectOf(shown)], shown })
      })
      const first = yield* Effect.forEach(Array.from({ length: waitingMax }), () => reserve)
      assert.deepStrictEqual([first.every(Boolean), yield* reserve], [true, false])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("of profiles replace one another, and all go with the account", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const [accounts, store] = [yield* AccountStore, yield* AttachmentStore]
      const avatar = Effect.gen(function*() {
        const one = newMedia()
        const key = Media.keyOf(one.stem, "avatar", "webp")
        yield* store.reserve({ id: one.id, account: ann.id, purpose: "avatar", objects: [key], shown: null })
        return { id: one.id, key }
      })
      const shownNow = Effect.map(accounts.byIds([ann.id]), ([found]) => [found?.avatar, found?.header])
      const [first, second] = [yield* avatar, yield* avatar]
      assert.isFalse(yield* store.setPicture(ann.id, "avatar", first), "it is not stored yet")
      for (const { id } of [first, second]) yield* store.stored(id)
      assert.isFalse(yield* store.setPicture(ann.id, "header", first), "it is no header")
      yield* store.setPicture(ann.id, "avatar", first)
      assert.deepStrictEqual(yield* shownNow, [first.key, null])
      yield* store.setPicture(ann.id, "avatar", second)
      yield* expireAll
      assert.deepStrictEqual([yield* sweepMedia, yield* shownNow], [1, [second.key, null]])
      yield* store.setPicture(ann.id, "avatar", null)
      assert.deepStrictEqual(yield* shownNow, [null, null])
      const carried = yield* picture(ann)
      yield* post(ann, { media: [carried.id] })
      yield* accounts.remove(ann.id)
      assert.deepStrictEqual([yield* sweepMedia, yield* isThere(carried)], [2, false])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))

  it.live("choose posts of timelines", () =>
    Effect.gen(function*() {
      const ann = yield* account()
      const [timelines, topics] = [yield* TimelineStore, yield* TopicStore]
      const seen = yield* post(ann, { text: "#x", media: [(yield* picture(ann)).id] })
      yield* post(ann, { text: "#x" })
      const page = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 20, onlyMedia: true }
      const author = { ...page, excludeReplies: false, excludeReposts: false, includePrivate: false }
      const pages = [
        timelines.authorPage(ann.id, author),
        topics.authorTagged(ann.id, "x", author),
        topics.page(Topics.everything, page),
        topics.page(Topics.ofTag("x"), page),
        topics.tagged({ ...page, any: ["x"], all: [], none: [] })
      ]
      for (const one of pages) assert.deepStrictEqual(yield* one, [seen.id])
    }).pipe(Effect.provide(Layer.mergeAll(layer, folder))))
})
