/** The actors of one runner over the real database: what blocks, mutes and answers do to windows and open feeds. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { soon, withActors } from "./actors.ts"

describe("blocks and mutes at the actors", () => {
  it.live("a block takes both out of each other's windows at once, and neither can follow until it ends", () =>
    withActors({}, ({ block, follow, home, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        yield* follow(bob, ann)
        const [mine, theirs] = [yield* publish(ann), yield* publish(bob)]
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [theirs.id, mine.id])
        assert.deepStrictEqual(yield* home(bob), [theirs.id, mine.id])
        yield* block(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [mine.id])
        assert.deepStrictEqual(yield* home(bob), [theirs.id])
        assert.strictEqual((yield* Effect.flip(follow(bob, ann)))._tag, "Refused")
        assert.strictEqual((yield* Effect.flip(follow(ann, bob)))._tag, "Refused")
        yield* quiet
        yield* block(ann, bob, false)
        assert.deepStrictEqual(yield* home(bob), [theirs.id])
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [theirs.id, mine.id])
      })))

  it.live("a mute hides what was there and what comes, also to a window that is loaded anew; its end brings all back", () =>
    withActors({ residentTimelinesMax: 2 }, ({ follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(ann, bob)
        const first = yield* publish(bob)
        assert.deepStrictEqual(yield* home(ann), [first.id])
        yield* mute(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [])
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        // Others take its place in memory.
        for (const other of [bob, eve, yield* signUp("dan")]) yield* home(other)
        assert.deepStrictEqual(yield* home(ann), [])
        yield* mute(ann, bob, false)
        assert.deepStrictEqual(yield* home(ann), [second.id, first.id])
      })))

  it.live("a mute for a while ends by itself", () =>
    withActors({}, ({ follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        const post = yield* publish(bob)
        yield* home(ann)
        yield* mute(ann, bob, true, 4_000)
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        yield* soon(home(ann), (ids) => ids.length === 2 && ids[0] === second.id && ids[1] === post.id)
      })))

  it.live("who listens while a mute ends hears of that person again, without a read", () =>
    withActors({}, ({ follow, listen, mute, publish, quiet, signUp }) =>
      Effect.scoped(Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* follow(ann, bob)
        const heard = yield* listen(ann)
        const first = yield* publish(bob)
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length === 1)
        yield* mute(ann, bob, true, 3_000)
        const during = yield* publish(bob)
        yield* quiet
        yield* soon(Effect.andThen(Effect.suspend(() => publish(bob)), Effect.sync(() => [...heard])), (ids) => ids.length > 1)
        assert.strictEqual(heard[0], first.id)
        assert.notInclude(heard, during.id)
      }))))

  it.live("a pulled author who is muted is not merged in, and is again once unmuted", () =>
    withActors({ threshold: { promoteAt: 2, demoteShare: 0.5 } }, ({ becomes, follow, home, mute, publish, quiet, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob, eve] = [yield* signUp("ann"), yield* signUp("bob"), yield* signUp("eve")]
        yield* follow(ann, bob)
        yield* follow(eve, bob)
        yield* becomes(bob, "pull")
        const first = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [first.id])
        yield* mute(ann, bob)
        assert.deepStrictEqual(yield* home(ann), [])
        const second = yield* publish(bob)
        yield* quiet
        assert.deepStrictEqual(yield* home(ann), [])
        assert.deepStrictEqual(yield* home(eve), [second.id, first.id])
        yield* mute(ann, bob, false)
        assert.deepStrictEqual(yield* home(ann), [second.id, first.id])
      })))

  it.live("an open feed goes silent for the blocked and the muted, of pushed and pulled authors, and speaks again", () =>
    withActors({ threshold: { promoteAt: 3, demoteShare: 0.5 } }, ({ becomes, block, follow, listen, mute, publish, quiet, signUp }) =>
      Effect.scoped(Effect.gen(function*() {
        const [ann, bob, star, eve, fay] = [
          yield* signUp("ann"), yield* signUp("bob"), yield* signUp("star"), yield* signUp("eve"), yield* signUp("fay")
        ]
        for (const fan of [ann, eve, fay]) yield* follow(fan, star)
        yield* follow(ann, bob)
        yield* follow(ann, eve)
        yield* becomes(star, "pull")
        const heard = yield* listen(ann)
        const before = [yield* publish(bob), yield* publish(star), yield* publish(eve)]
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length === 3)
        assert.sameMembers([...heard], before.map((post) => post.id as bigint))
        yield* mute(ann, star)
        yield* mute(ann, bob)
        yield* block(eve, ann)
        const during = [yield* publish(bob), yield* publish(star), yield* publish(eve)]
        yield* quiet
        yield* mute(ann, star, false)
        yield* mute(ann, bob, false)
        const after = [yield* publish(bob), yield* publish(star)]
        yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length >= 5)
        assert.sameMembers([...heard], [...before, ...after].map((post) => post.id as bigint))
        assert.strictEqual(during.length, 3)
      }))))

  it.live("whoever follows hears of the very next post", () =>
    withActors({}, ({ follow, listen, publish, quiet, signUp }) =>
      Effect.scoped(Effect.gen(function*() {
        const names = Array.from({ length: 10 }, (_, n) => `star${n}`)
        const fans = yield* Effect.forEach(["ann", "bob", "cat"], signUp)
        const stars = yield* Effect.forEach(names, signUp)
        const feeds = yield* Effect.forEach(fans, listen)
        // They hold their followers by then, and are told of each further one.
        yield* Effect.forEach(stars, (star) => publish(star))
        const first = (star: typeof stars[number]) =>
          Effect.forEach(fans, (fan) => Effect.andThen(follow(fan, star), publish(star)))
        const posts = yield* Effect.forEach(stars, first, { concurrency: "unbounded" })
        yield* quiet
        const due = fans.map((_, n) => posts.flatMap((ofStar) => ofStar.slice(n)).map((post): bigint => post.id))
        for (const [n, heard] of feeds.entries()) {
          yield* soon(Effect.sync(() => [...heard]), (ids) => ids.length >= due[n]!.length)
          assert.sameMembers(heard, due[n]!)
        }
      }))))

  it.live("who asks a locked account sees its posts once accepted, and no more once removed", () =>
    withActors({}, ({ answer, follow, home, lock, publish, quiet, removeFollower, signUp }) =>
      Effect.gen(function*() {
        const [ann, bob] = [yield* signUp("ann"), yield* signUp("bob")]
        yield* lock(ann)
        const first = yield* publish(ann)
        yield* home(bob)
        yield* follow(bob, ann)
        assert.deepStrictEqual(yield* home(bob), [])
        assert.strictEqual((yield* Effect.flip(answer(bob, ann, true)))._tag, "NotFound")
        yield* answer(ann, bob, true)
        assert.deepStrictEqual(yield* home(bob), [first.id])
        yield* quiet
        const second = yield* publish(ann)
        yield* quiet
        assert.deepStrictEqual(yield* home(bob), [second.id, first.id])
        yield* removeFollower(ann, bob)
        assert.deepStrictEqual(yield* home(bob), [])
        yield* follow(bob, ann)
        yield* answer(ann, bob, false)
        assert.strictEqual((yield* Effect.flip(answer(ann, bob, true)))._tag, "NotFound")
        assert.deepStrictEqual(yield* home(bob), [])
      })))
})
