import { assert, describe, it } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import * as FollowerSet from "@rookery/fanout/FollowerSet"
import { AuthorStore } from "@rookery/store/AuthorStore"
import { Effect } from "effect"
import * as Audiences from "../src/Audiences.ts"

const ann = AccountId.make(1n)
const bob = AccountId.make(2n)
const nobody = AccountId.make(3n)

/** Follower sets as the database has them; each query is noted. */
const makeStore = () => {
  const sets = new Map([[ann, { edgeSequence: 1, numbers: [7, 8] }], [bob, { edgeSequence: 5, numbers: [9] }]])
  const queries: Array<ReadonlyArray<AccountId>> = []
  const followersOf = (authors: ReadonlyArray<AccountId>) =>
    Effect.sync(() => {
      queries.push(authors)
      return authors.flatMap((author) => {
        const set = sets.get(author)
        const numbers = Uint32Array.from(set?.numbers ?? [])
        return set === undefined ? [] : [{ author, edgeSequence: set.edgeSequence, numbers, shards: new Uint16Array(numbers.length).fill(1) }]
      })
    })
  const loadMany = (authors: ReadonlyArray<AccountId>) => Effect.succeed(authors.filter((author) => sets.has(author)).map((author) => ({ author })))
  return { queries, sets, service: { followersOf, loadMany } as unknown as AuthorStore["Service"] }
}

const make = (store: ReturnType<typeof makeStore>, bytesMax = 1_000_000) =>
  Effect.provideService(Audiences.make(bytesMax), AuthorStore, store.service)

const numbersOf = ({ followers }: Audiences.Audience): ReadonlyArray<number> => {
  const found: Array<number> = []
  FollowerSet.forEachShard(followers, (_, numbers, from, to) => found.push(...numbers.subarray(from, to)))
  return found
}

describe("Audiences", () => {
  it.live("keep a follower set for as long as it is what the row says", () =>
    Effect.gen(function*() {
      const store = makeStore()
      const audiences = yield* make(store)
      const first = yield* audiences.followers(ann, 1)
      assert.deepStrictEqual(numbersOf(first), [7, 8])
      FollowerSet.add(first.followers, 1, 9)
      first.edgeSequence = 2
      audiences.keep(ann, first)
      assert.deepStrictEqual(numbersOf(yield* audiences.followers(ann, 2)), [7, 8, 9])
      assert.lengthOf(store.queries, 1)
      store.sets.set(ann, { edgeSequence: 4, numbers: [8] })
      const again = yield* audiences.followers(ann, 4)
      assert.deepStrictEqual([numbersOf(again), again.edgeSequence], [[8], 4], "somebody else wrote meanwhile")
      assert.lengthOf(store.queries, 2)
    }))

  it.live("ask for many in one query, and fail for the unknown alone", () =>
    Effect.gen(function*() {
      const store = makeStore()
      const audiences = yield* make(store)
      const asked = yield* Effect.all(
        [ann, bob, nobody, ann, bob, nobody].map((author) => Effect.exit(audiences.followers(author, 0))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(asked.map((exit) => exit._tag), ["Success", "Success", "Failure", "Success", "Success", "Failure"])
      assert.isAtMost(store.queries.length, 4)
      const rows = yield* Effect.all([bob, nobody, ann].map(audiences.row), { concurrency: "unbounded" })
      assert.deepStrictEqual(rows.map((row) => row?.author), [bob, undefined, ann])
    }))

  it.live("stay within their bytes", () =>
    Effect.gen(function*() {
      const store = makeStore()
      const audiences = yield* make(store, 700)
      yield* audiences.followers(ann, 1)
      yield* audiences.followers(bob, 5)
      yield* audiences.followers(ann, 1)
      assert.lengthOf(store.queries, 3)
    }))
})
