/** What is answered once a write is done, when the post that it was about cannot be had at that moment. */
import { assert, describe, it } from "@effect/vitest"
import { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import type { AccountRow, AccountStore } from "@rookery/store/AccountStore"
import type { PostStore } from "@rookery/store/PostStore"
import { Effect } from "effect"
import type { Deps } from "../src/Deps.ts"
import * as Hydration from "../src/read/Hydration.ts"
import type { Marks } from "../src/read/Marks.ts"
import * as Reader from "../src/read/Reader.ts"
import type { Relations } from "../src/read/Rules.ts"
import { changedAnswer } from "../src/routes/shared.ts"
import { defaultLimits } from "../src/Settings.ts"
import { plain } from "./posts.ts"

const addresses = { publicUrl: "https://rookery.example" }

const rowOf = (no: LocalNo): AccountRow => ({
  id: AccountId.make(BigInt(no)), no, shard: 1, username: `person${no}`, displayName: "", note: "", locked: false, bot: false,
  discoverable: true, fields: [], defaultPrivacy: "public", defaultSensitive: false, defaultLanguage: null, avatar: null, header: null,
  admin: false, remote: false, disabledAt: null, followers: 0, following: 0, statuses: 0, lastStatusAt: null
})

const target: Post = { ...plain, authorNo: LocalNo.make(2), text: "from far away" }
const wrapper: Post = { ...plain, id: PostId.make(plain.id + 1n), authorNo: LocalNo.make(3), text: "", repostOf: target.id }
const announced: Post = { ...target, text: "", version: 2, likes: 1, absent: true }

/** The target is far, and its content can be had until `lose`; after `end` its owner says that it is gone. */
const world = Effect.gen(function*() {
  let found = { posts: [target], later: [] as Array<bigint> }
  const contents = {
    byIds: () => Effect.sync(() => found),
    fill: (post: Post) => Effect.succeed(post)
  }
  const accounts = { byNos: (nos: ReadonlyArray<LocalNo>) => Effect.succeed(nos.map(rowOf)) } as unknown as AccountStore["Service"]
  const hydration = yield* Hydration.make({ posts: {} as PostStore["Service"], accounts }, addresses, defaultLimits, {
    contents,
    isFar: (id) => id === target.id
  })
  const become = (next: typeof found) =>
    Effect.sync(() => {
      found = next
      hydration.dropPost(target.id)
    })
  return { hydration, lose: become({ posts: [], later: [target.id] }), end: become({ posts: [], later: [] }) }
})

/** For somebody who shuns nobody and has marked nothing. */
const readerOf = (hydration: Hydration.Hydration) => {
  const marks = { of: () => Effect.succeed(new Map()) } as unknown as Marks
  const relations = { shunned: { of: () => Effect.succeed(new Map()) } } as unknown as Relations
  return Reader.make(hydration, marks, relations)
}

const before = (hydration: Hydration.Hydration) => Effect.map(hydration.posts([target.id]), ([item]) => item!)

describe("the answer to a write that is done", () => {
  it.effect("shows what a wrapper wraps as it was before, if it cannot be had now", () =>
    Effect.gen(function*() {
      const { hydration, lose } = yield* world
      const known = yield* before(hydration)
      yield* lose
      assert.deepStrictEqual(yield* hydration.posts([target.id]), [undefined])
      const item = yield* hydration.wrap(wrapper, known)
      assert.deepStrictEqual([item.rendered.id, item.inner?.rendered.id, item.inner?.rendered.post.text], [wrapper.id, target.id, target.text])
    }))

  it.effect("is a plain post, and no failure, for a wrapper of what nobody read before", () =>
    Effect.gen(function*() {
      const { hydration, lose } = yield* world
      yield* lose
      const item = yield* hydration.wrap(wrapper)
      assert.deepStrictEqual([item.rendered.id, item.rendered.repostOf, item.inner], [wrapper.id, null, undefined])
    }))

  it.effect("has the text that was read before where the actor knows the announcement only, and the actor's counts", () =>
    Effect.gen(function*() {
      const { hydration, lose } = yield* world
      const known = yield* before(hydration)
      yield* lose
      const { rendered } = yield* hydration.wrap(announced, known)
      assert.deepStrictEqual([rendered.post.text, rendered.post.likes], [target.text, 1])
    }))

  it.effect("is the status as it was, for a mark on one that cannot be read again", () =>
    Effect.gen(function*() {
      const { hydration, lose } = yield* world
      const known = yield* before(hydration)
      yield* lose
      const deps = { reader: readerOf(hydration) } as Deps
      const { body } = yield* changedAnswer(deps, { id: rowOf(LocalNo.make(3)).id } as never, known)
      assert.strictEqual(JSON.parse(Buffer.from(body).toString()).id, String(target.id))
    }))
})

describe("a post of another datacenter", () => {
  it.effect("cannot be had now, rather than not at all, while its owner cannot be asked", () =>
    Effect.gen(function*() {
      const { end, hydration, lose } = yield* world
      const statusOf = Effect.match(readerOf(hydration).one(undefined, target.id), {
        onFailure: (error) => error._tag === "ApiError" ? error.status : error._tag,
        onSuccess: () => 200
      })
      assert.strictEqual(yield* statusOf, 200)
      yield* lose
      assert.strictEqual(yield* statusOf, 503)
      yield* end
      assert.strictEqual(yield* statusOf, 404)
    }))
})
