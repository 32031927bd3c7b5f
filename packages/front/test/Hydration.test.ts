/** What is answered once a write is done, when the post that it was about cannot be had at that moment. */
import { assert, describe, it } from "@effect/vitest"
import { LocalNo } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { Deps } from "../src/Deps.ts"
import { changedAnswer } from "../src/routes/shared.ts"
import { announced, before, readerOf, rowOf, target, world, wrapper } from "./farPost.ts"

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
      const statusOf = (id: bigint) =>
        Effect.match(readerOf(hydration).one(undefined, id), {
          onFailure: (error) => error._tag === "ApiError" ? error.status : error._tag,
          onSuccess: () => 200
        })
      const both = Effect.forEach([target.id, wrapper.id], statusOf)
      assert.deepStrictEqual(yield* both, [200, 200])
      yield* lose
      assert.deepStrictEqual(yield* both, [503, 503], "as is what wraps it")
      yield* end
      assert.deepStrictEqual(yield* both, [404, 404])
    }))
})
