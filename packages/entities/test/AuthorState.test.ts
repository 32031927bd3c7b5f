import { assert, describe, it } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import { Deferred, Effect, Fiber } from "effect"
import type { Audiences } from "../src/Audiences.ts"
import * as AuthorState from "../src/AuthorState.ts"

const ann = AccountId.make(1n)

const source = {
  row: () => Effect.succeed({ author: ann, edgeSequence: 3 }),
  followers: (_: AccountId, edgeSequence: number) => Effect.succeed({ followers: FollowerSet.empty(), edgeSequence }),
  generation: () => 0
} as unknown as Audiences

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
})
