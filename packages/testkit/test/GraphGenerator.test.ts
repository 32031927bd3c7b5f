import { describe, it } from "@effect/vitest"
import { assert } from "@effect/vitest"
import * as Graph from "../src/GraphGenerator.ts"
import { higgsFollowerCounts, higgsFollowers } from "../src/GraphShape.ts"

const followeesOf = (graph: Graph.FollowGraph, account: number) =>
  graph.followees.subarray(graph.starts[account], graph.starts[account + 1])

describe("a generated graph", () => {
  const crowd = Graph.crowd({ accounts: 2_000, followsMin: 100, followsMax: 400, seed: 7 })

  it("repeats for its seed and differs for another", () => {
    assert.deepStrictEqual(Graph.crowd({ accounts: 2_000, followsMin: 100, followsMax: 400, seed: 7 }), crowd)
    assert.notDeepEqual(Graph.crowd({ accounts: 2_000, followsMin: 100, followsMax: 400, seed: 8 }), crowd)
  })

  it("has nobody follow themselves, or anybody twice, or more or fewer than asked", () => {
    for (let account = 0; account < crowd.accounts; account++) {
      const followees = followeesOf(crowd, account)
      assert.isTrue(followees.length >= 100 && followees.length <= 400)
      assert.strictEqual(new Set([...followees, account]).size, followees.length + 1)
    }
  })

  it("is top-heavy: the best known tenth has most of the followers", () => {
    const counts = Graph.followerCounts(crowd)
    const top = counts.subarray(0, 200).reduce((sum, count) => sum + count, 0)
    assert.isAbove(top / crowd.followees.length, 0.3)
    assert.isAbove(counts[0]!, 10 * counts[1_999]!)
  })
})

describe("an audience", () => {
  it("has readers follow authors only, as many a post as asked", () => {
    const graph = Graph.audience({ authors: 410, readers: 25_000, mean: 403, seed: 3 })
    const counts = Graph.followerCounts(graph)
    assert.isTrue(graph.followees.every((followee) => followee < 410))
    assert.strictEqual(graph.starts[410], 0)
    assert.isTrue(counts.subarray(410).every((count) => count === 0))
    assert.approximately(graph.followees.length / 410, 403, 5)
  })

  it("nests for one author of each size", () => {
    const graph = Graph.nested([1, 3], 4)
    assert.deepStrictEqual([...Graph.followerCounts(graph)], [1, 3, 0, 0, 0, 0])
    assert.deepStrictEqual([...followeesOf(graph, 2)], [0, 1])
  })
})

describe("two graphs beside each other", () => {
  it("keep their follows, and nobody of one follows anybody of the other", () => {
    const graph = Graph.beside(Graph.nested([1, 3], 4), Graph.nested([2], 2))
    assert.strictEqual(graph.accounts, 9)
    const all = Array.from({ length: graph.accounts }, (_, account) => [...followeesOf(graph, account)])
    assert.deepStrictEqual(all, [[], [], [0, 1], [1], [1], [], [], [6], [6]])
  })
})

describe("the Higgs shape", () => {
  it("goes through the graph's counts and falls", () => {
    assert.strictEqual(higgsFollowers(1), 14_060)
    assert.strictEqual(Math.round(higgsFollowers(128)), 328)
    for (let rank = 2; rank < 41_426; rank += 37) assert.isAtMost(higgsFollowers(rank), higgsFollowers(rank - 1))
  })

  it("keeps push authors below the threshold, with the mean asked for", () => {
    const counts = higgsFollowerCounts(403)
    assert.isBelow(counts[0]!, 10_000)
    assert.approximately(counts.reduce((sum, count) => sum + count, 0) / counts.length, 403, 2)
  })
})
