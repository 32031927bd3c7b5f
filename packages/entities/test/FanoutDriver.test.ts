import { assert, describe, it } from "@effect/vitest"
import { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import type { Lanes } from "@rookery/fanout/Lanes"
import * as ShardBitmap from "@rookery/fanout/ShardBitmap"
import type { AuthorStore } from "@rookery/store/AuthorStore"
import { Effect } from "effect"
import type { Audiences } from "../src/Audiences.ts"
import * as AuthorState from "../src/AuthorState.ts"
import * as FanoutDriver from "../src/FanoutDriver.ts"
import type { Runner } from "../src/Runner.ts"

const ann = AccountId.make(1n)
const shardCount = 8

/** A runner whose messages to one shard are lost; what it does to outbox rows is noted. */
const makeRunner = (lost: () => number) => {
  const given: Array<{ readonly id: bigint; readonly progress: Uint8Array }> = []
  const done: Array<bigint> = []
  const offered: Array<number> = []
  const told: Array<bigint> = []
  const posted: Array<bigint> = []
  const offer: Lanes["offer"] = (shard, _header, _numbers, _from, _to, onSettled) => {
    offered.push(shard)
    onSettled(shard, shard !== lost())
  }
  const runner = {
    settings: { fanoutsMax: 10 },
    directory: { shardCount },
    driving: new Map(),
    lanes: { offer },
    now: () => 0,
    post: () => Effect.succeed(undefined),
    postsChanged: (ids: ReadonlyArray<bigint>) => Effect.sync(() => void told.push(...ids)),
    authorsPosted: (authors: ReadonlyArray<bigint>) => Effect.sync(() => void posted.push(...authors)),
    done: (id: bigint) => Effect.sync(() => void done.push(id)),
    giveBack: (id: bigint, progress: Uint8Array) => Effect.sync(() => void given.push({ id, progress }))
  } as unknown as Runner
  return { runner, given, done, offered, told, posted }
}

const source = {
  row: () => Effect.succeed({ author: ann, authorNo: 7, epoch: 1, mode: "push" }),
  generation: () => 0
} as unknown as Audiences

const drive = (runner: Runner, progress: Uint8Array) =>
  FanoutDriver.drive(runner, AuthorState.make(ann, source), {} as AuthorStore["Service"], {
    id: 5n,
    task: { _tag: "Removed", postId: PostId.make(9n), replyTo: null, repostOf: PostId.make(8n) },
    progress
  })

describe("a fan-out that does not reach a shard", () => {
  it.effect("is given back with how far it got, and goes on from there", () =>
    Effect.gen(function*() {
      let lost = 3
      const { done, given, offered, runner, told } = makeRunner(() => lost)
      yield* Effect.exit(drive(runner, new Uint8Array(0)))
      assert.deepStrictEqual([given.map(({ id }) => id), done, runner.driving.size], [[5n], [], 0])
      const { progress } = given[0]!
      const reached = Array.from({ length: shardCount }, (_, n) => n + 1).filter((shard) => ShardBitmap.has(progress, shard))
      assert.deepStrictEqual(reached, [1, 2, 4, 5, 6, 7, 8])
      lost = 0
      offered.length = 0
      yield* drive(runner, progress)
      assert.deepStrictEqual([offered, done, given.length], [[3], [5n], 1])
      assert.deepStrictEqual(told, [9n, 8n, 9n, 8n], "fronts are told each time, of its parents too: whoever was to tell them may be gone")
    }))
})

describe("a fan-out beyond those that a runner drives at once", () => {
  it.effect("is given back as it came", () =>
    Effect.gen(function*() {
      const { done, given, offered, runner } = makeRunner(() => 0)
      for (let id = 100n; id < 110n; id++) runner.driving.set(id, new Uint8Array(0))
      const exit = yield* Effect.exit(drive(runner, Uint8Array.of(5)))
      assert.strictEqual(exit._tag, "Failure")
      assert.deepStrictEqual([given, done, offered], [[{ id: 5n, progress: Uint8Array.of(5) }], [], []])
    }))
})

describe("a post whose row comes from the outbox", () => {
  it.effect("is told to the fronts again, and one that was committed just now is not", () =>
    Effect.gen(function*() {
      const { posted, runner } = makeRunner(() => 0)
      const task = { _tag: "Fanout", postId: PostId.make(9n), replyTo: null, repostOf: null, visibility: 0 } as const
      const row = { id: 5n, task, progress: new Uint8Array(0) }
      const drive = (post?: Post) =>
        Effect.exit(FanoutDriver.drive(runner, AuthorState.make(ann, source), {} as AuthorStore["Service"], post === undefined ? row : { ...row, post }))
      yield* drive({ id: task.postId } as Post)
      assert.deepStrictEqual(posted, [])
      yield* drive()
      assert.deepStrictEqual(posted, [ann])
    }))
})
