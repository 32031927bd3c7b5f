/** The actors of one runner over the real database: what a person sees of posts and follows. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { withActors } from "./actors.ts"

describe("the actors of one runner", () => {
  it.live("a post is in its author's timeline at once and in every follower's soon", () =>
    withActors({}, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [])
        assert.deepStrictEqual(yield* home(eve), [])
        const post = yield* publish(ann, "hello")
        assert.deepStrictEqual(yield* home(ann), [post.id])
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [post.id])
        assert.deepStrictEqual(yield* home(eve), [])
      })))

  it.live("a follow shows what was published before, an unfollow takes it out", () =>
    withActors({}, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        const post = yield* publish(ann, "before")
        assert.deepStrictEqual(yield* home(bob), [])
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [post.id])
        yield* follow(bob, ann, false)
        assert.deepStrictEqual(yield* home(bob), [])
        yield* quiet
        yield* publish(ann, "after")
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [])
      })))

  it.live("a small window goes on into the database without a gap", () =>
    withActors({ windowEntriesMax: 5, loadPostsPerAuthorMax: 3 }, ({ follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(bob, ann)
        const ids: Array<bigint> = []
        for (let i = 0; i < 12; i++) {
          ids.unshift((yield* publish(ann, `post ${i}`)).id)
          if (i === 6) yield* home(bob)
        }
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(bob, 4, ids[3]), ids.slice(4, 8))
      })))

  it.live("an author crosses the threshold and comes back, and nobody misses or doubles a post", () =>
    withActors({ threshold: { promoteAt: 2, demoteShare: 0.7 } }, ({ becomes, follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        const ids: Array<bigint> = []
        const post = Effect.gen(function*() {
          ids.unshift((yield* publish(ann, "again")).id)
        })
        yield* follow(bob, ann)
        yield* home(bob)
        yield* post
        yield* quiet
        yield* follow(eve, ann)
        yield* post
        yield* quiet
        yield* becomes(ann, "pull")
        yield* post
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(eve), ids)
        yield* follow(eve, ann, false)
        yield* becomes(ann, "push")
        yield* post
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), ids)
        assert.deepStrictEqual(yield* home(eve), [])
      })))

  it.live("a deleted post leaves every window", () =>
    withActors({}, ({ follow, home, owner, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(bob, ann)
        yield* home(bob)
        const post = yield* publish(ann, "oops")
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [post.id])
        yield* owner(String(post.id)).Delete({ by: ann.id })
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [])
        const again = yield* Effect.flip(owner(String(post.id)).Delete({ by: ann.id }))
        assert.strictEqual(again._tag, "NotFound")
        const repeated = yield* owner(String(post.id)).Delete({ by: ann.id, again: true })
        assert.deepStrictEqual([repeated.id, repeated.text], [post.id, "oops"], "whoever lost the answer is told what it was")
        const bobs = yield* Effect.flip(owner(String(post.id)).Delete({ by: bob.id, again: true }))
        assert.strictEqual(bobs._tag, "NotFound")
      })))
})
