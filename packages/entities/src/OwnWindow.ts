/** An author's own window, which lives on the author's shard and takes every post: direct ones and a pulled author's too. */
import * as Snowflake from "@rookery/domain/Snowflake"
import { kinds } from "@rookery/protocol/DeliveryBatch"
import { Deferred, Effect } from "effect"
import type { Runner } from "./Runner.ts"

/** Ends when the author's shard was told of the post; false when it did not take it. */
export const deliver = (
  runner: Runner,
  author: bigint,
  authorNo: number,
  postId: bigint
): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const settled = Deferred.makeUnsafe<boolean>()
    const record = {
      kind: kinds.push,
      lo: Snowflake.low(postId),
      hi: Snowflake.high(postId),
      authorNo,
      epoch: 0,
      readers: Uint32Array.of(authorNo)
    }
    runner.lanes.offer(runner.directory.shardOf(String(author)), record, (delivered) => {
      Deferred.doneUnsafe(settled, Effect.succeed(delivered))
    })
    return Deferred.await(settled)
  })
