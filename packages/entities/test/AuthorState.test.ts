import { assert, describe, it } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import type { AuthorRow } from "@rookery/store/AuthorStore"
import { Deferred, Effect, Fiber } from "effect"
import type { Audiences } from "../src/Audiences.ts"
import * as AuthorState from "../src/AuthorState.ts"

const ann = AccountId.make(1n)

const source = {
  row: () => Effect.succeed({ author: ann, edgeSequence: 3 }),
  followers: (_: AccountId, edgeSequence: number) => Effect.succeed({ followers: FollowerSet.empty(), edgeSequence }),
  generation: () => 0
} as unknown as Audiences

const rowAt = (version: number) => ({ author: ann, edgeSequence: 3, version, followers: 2 }) as AuthorRow

describe("what an author knows", () => {
  it.live("is read anew when the row is forgotten while somebody waits to read the followers", () =>
    Effect.gen(function*() {
      const state = AuthorState.make(ann, source)
      yield* AuthorState.row(state)
      const go = Deferred.makeUnsafe<void>()
      const before = yield* Effect.forkChild(state.loading.withPermits(1)(Deferred.await(go)), { startImmediately: true })
      const followers = yield* Effect.forkChild(AuthorState.followers(state), { startImmediately: true })
      state.row = undefined
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(before)
      yield* Effect.timeout(Fiber.join(followers), "10 seconds")
      assert.strictEqual(state.audience?.edgeSequence, 3)
    }))

  it.effect("comes from its first commit, and is not replaced by what was read before", () =>
    Effect.gen(function*() {
      const read = Deferred.makeUnsafe<AuthorRow>()
      const state = AuthorState.make(ann, { ...source, row: () => Deferred.await(read) })
      const asking = yield* Effect.forkChild(AuthorState.row(state), { startImmediately: true })
      assert.isUndefined(AuthorState.versionOf(state))
      AuthorState.learn(state, rowAt(6), 0)
      yield* Deferred.succeed(read, rowAt(5))
      assert.strictEqual((yield* Fiber.join(asking)).version, 6)
      AuthorState.learn(state, { ...rowAt(7), followers: 1 }, 0)
      assert.deepStrictEqual(state.row, rowAt(7), "what edges told of is not undone by a commit")
    }))

  it("is not learned from a commit when rows were changed past the actors since", () => {
    let generation = 0
    const state = AuthorState.make(ann, { ...source, generation: () => generation })
    generation = 1
    AuthorState.learn(state, rowAt(6), 0)
    assert.isUndefined(AuthorState.versionOf(state))
    AuthorState.learn(state, rowAt(6), 1)
    assert.strictEqual(AuthorState.versionOf(state), 6)
    generation = 2
    assert.isUndefined(AuthorState.versionOf(state))
  })
})
