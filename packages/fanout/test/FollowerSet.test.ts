import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as FollowerSet from "../src/FollowerSet.ts"

const Small = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Change = Schema.Struct({ add: Schema.Boolean, no: Small(1, 30) })

const shardOf = (no: number): number => (no % 4) + 1

const fromNumbers = (numbers: ReadonlyArray<number>, shard = shardOf) =>
  FollowerSet.from(Uint32Array.from(numbers), Uint16Array.from(numbers, shard))

const groups = (set: FollowerSet.FollowerSet): Array<readonly [shard: number, numbers: Uint32Array]> => {
  const found: Array<readonly [number, Uint32Array]> = []
  FollowerSet.forEachShard(set, (shard, numbers, from, to) => found.push([shard, numbers.subarray(from, to)]))
  return found
}

const contents = (set: FollowerSet.FollowerSet): Array<number> =>
  groups(set).flatMap(([, numbers]) => [...numbers]).sort((a, b) => a - b)

describe("FollowerSet", () => {
  it.prop("is the set of its changes, grouped by shard, each group ascending", { changes: Schema.Array(Change) }, ({ changes }) => {
    const set = FollowerSet.empty()
    const model = new Set<number>()
    for (const { add, no } of changes) {
      const changed = add ? FollowerSet.add(set, shardOf(no), no) : FollowerSet.remove(set, shardOf(no), no)
      assert.strictEqual(changed, add !== model.has(no))
      if (add) model.add(no)
      else model.delete(no)
    }
    assert.deepStrictEqual(contents(set), [...model].sort((a, b) => a - b))
    assert.strictEqual(set.count, model.size)
    for (const [shard, numbers] of groups(set)) {
      assert.isAbove(numbers.length, 0, "an empty shard would cost a message")
      assert.deepStrictEqual([...numbers], [...numbers].sort((a, b) => a - b))
      for (const no of numbers) assert.strictEqual(shardOf(no), shard)
    }
  })

  it("is built from rows in any order", () => {
    const set = fromNumbers([9, 2, 5, 1])
    assert.deepStrictEqual(contents(set), [1, 2, 5, 9])
    assert.deepStrictEqual(groups(set).map(([shard, numbers]) => [shard, ...numbers]), [[2, 1, 5, 9], [3, 2]])
    assert.deepStrictEqual(FollowerSet.shardsOf(set), [2, 3])
    assert.strictEqual(fromNumbers([]).count, 0)
    const high = fromNumbers([4_294_967_295, 4_294_967_294], () => 65_535)
    assert.deepStrictEqual(groups(high).map(([shard, numbers]) => [shard, ...numbers]), [[65_535, 4_294_967_294, 4_294_967_295]])
    assert.strictEqual(FollowerSet.byteLength(set), 4 * 4 + 2 * 8)
  })

  it("leaves arrays that were handed out as they were", () => {
    const set = FollowerSet.empty()
    FollowerSet.add(set, 1, 4)
    const handedOut = groups(set)[0]![1]
    FollowerSet.add(set, 1, 2)
    FollowerSet.remove(set, 1, 4)
    assert.deepStrictEqual(groups(set).map(([, numbers]) => [...numbers]), [[2]])
    assert.deepStrictEqual([...handedOut], [4])
  })

  it("holds eight bytes a follower at most, for an author as most are", () => {
    const set = fromNumbers(Array.from({ length: 403 }, (_, i) => i + 1), (no) => (no % 127) + 1)
    assert.strictEqual(set.count, 403)
    assert.isAtMost(FollowerSet.byteLength(set) / 403, 8)
  })

  it("takes a crowd in without losing one", () => {
    const set = FollowerSet.empty()
    for (let no = 1; no <= 5_000; no++) FollowerSet.add(set, shardOf(no), no)
    for (let no = 2; no <= 5_000; no += 2) FollowerSet.remove(set, shardOf(no), no)
    assert.strictEqual(set.count, 2_500)
    assert.deepStrictEqual(contents(set), Array.from({ length: 2_500 }, (_, i) => i * 2 + 1))
    assert.strictEqual(set.count, 2_500)
  })
})
