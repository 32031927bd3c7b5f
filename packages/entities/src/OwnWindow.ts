/** An author's own window, which lives on the author's shard and takes every post: direct ones and a pulled author's too. */
import * as Snowflake from "@rookery/domain/Snowflake"
import { kinds, type RecordHeader } from "@rookery/protocol/DeliveryBatch"
import { Deferred, Effect } from "effect"
import type { Runner } from "./Runner.ts"
import * as ShardWindows from "./ShardWindows.ts"

/**
 * Ends when the author's shard was told of the post; false when it did not take it. The shard is of this runner, as the
 * author is, so it is told without a message; only where it is not (it is moving, or in doubt) does a lane look for it.
 */
export const deliver = (runner: Runner, author: bigint, authorNo: number, postId: bigint): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const header: RecordHeader = {
      kind: kinds.push,
      lo: Snowflake.low(postId),
      hi: Snowflake.high(postId),
      authorNo,
      epoch: 0
    }
    const self = Uint32Array.of(authorNo)
    const shardNo = runner.directory.shardOf(String(author))
    const shard = runner.shards.get(shardNo)
    if (shard !== undefined && runner.guard.trusted()) {
      ShardWindows.deliverOne(shard, { ...header, words: self, from: 0, to: 1 })
      return Effect.succeed(true)
    }
    const settled = Deferred.makeUnsafe<boolean>()
    runner.lanes.offer(shardNo, header, self, 0, 1, (_, delivered) => {
      Deferred.doneUnsafe(settled, Effect.succeed(delivered))
    })
    return Deferred.await(settled)
  })
