/** Who a token belongs to, when many ask at once and when a token is dropped meanwhile. */
import { assert, describe, it } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import type { AccountStore } from "@rookery/store/AccountStore"
import type { OAuthStore, OAuthToken } from "@rookery/store/OAuthStore"
import { Deferred, Effect, Fiber } from "effect"
import * as Tokens from "../src/oauth/Tokens.ts"

const token = (tokenHash: string, account: bigint | null): OAuthToken => ({
  tokenHash,
  appId: 1n,
  account: account === null ? null : AccountId.make(account),
  scopes: "read",
  createdAt: 0
})

const makeStores = (known: ReadonlyArray<OAuthToken>, before: Effect.Effect<void> = Effect.void) => {
  const asked: Array<number> = []
  const oauth = {
    tokens: (hashes: ReadonlyArray<string>) =>
      Effect.andThen(before, Effect.sync(() => {
        asked.push(hashes.length)
        return known.filter(({ tokenHash }) => hashes.includes(tokenHash))
      }))
  } as unknown as OAuthStore["Service"]
  const accounts = {
    byIds: (ids: ReadonlyArray<AccountId>) =>
      Effect.succeed(ids.filter((id) => id < 100n).map((id) => ({ id, no: Number(id), shard: 1, disabledAt: null })))
  } as unknown as AccountStore["Service"]
  return { asked, stores: { oauth, accounts } }
}

describe("tokens", () => {
  it.live("of many askers are read together, and each gets its own person or nobody", () =>
    Effect.gen(function*() {
      const known = [...Array.from({ length: 50 }, (_, i) => token(`t${i}`, BigInt(i + 1))), token("program", null), token("gone", 200n)]
      const { asked, stores } = makeStores(known)
      const tokens = yield* Tokens.make(stores, 100, 60_000)
      const hashes = [...known.map(({ tokenHash }) => tokenHash), "unknown"]
      const found = yield* Effect.forEach(hashes, tokens.resolveHash, { concurrency: "unbounded" })
      assert.deepStrictEqual(found.map((identity) => identity?.account?.id), [...known.slice(0, 50).map(({ account }) => account!), undefined, undefined, undefined])
      assert.deepStrictEqual([found[50]?.tokenHash, found[51], found[52]], ["program", undefined, undefined])
      assert.deepStrictEqual(asked, [53])
      yield* tokens.resolveHash("t7")
      assert.deepStrictEqual(asked, [53])
    }))

  it.live("dropped while they are read are not remembered", () =>
    Effect.gen(function*() {
      const latch = yield* Deferred.make<void>()
      const { asked, stores } = makeStores([token("t", 1n)], Deferred.await(latch))
      const tokens = yield* Tokens.make(stores, 100, 60_000)
      const reading = yield* Effect.forkChild(tokens.resolveHash("t"), { startImmediately: true })
      tokens.dropToken("t")
      yield* Deferred.succeed(latch, undefined)
      assert.isDefined(yield* Fiber.join(reading))
      yield* tokens.resolveHash("t")
      assert.deepStrictEqual(asked, [1, 1])
    }))
})
