/**
 * Drives one post to every shard that has followers of its author, and remembers which shards have it.
 * Repeats are harmless; a run that fails leaves its outbox row to whoever claims it next.
 */
import type { Mode } from "@rookery/domain/FanoutMode"
import * as Snowflake from "@rookery/domain/Snowflake"
import { kinds, type DeliveryRecord, type Kind } from "@rookery/protocol/DeliveryBatch"
import { Deferred, Effect } from "effect"
import type { ShardFollowers } from "./FollowerSet.ts"
import type { Lanes } from "./Lanes.ts"
import * as ShardBitmap from "./ShardBitmap.ts"

export interface FanoutJob {
  readonly postId: bigint
  readonly authorNo: number
  readonly epoch: number
  /** What to tell the shards; `both` sends a push and a refresh. `remove` takes the post out again; `edit` tells who looks on. */
  readonly how: Mode | "remove" | "edit"
  readonly followers: ReadonlyArray<ShardFollowers>
  /** Updated as shards answer. */
  readonly progress: Uint8Array
}

/** Some shards did not take it; `progress` says which did. */
export class FanoutIncomplete {
  readonly _tag = "FanoutIncomplete"
}

const noReaders = new Uint32Array(0)

const recordOf = (job: FanoutJob, kind: Kind, readers: Uint32Array): DeliveryRecord => ({
  kind,
  lo: Snowflake.low(job.postId),
  hi: Snowflake.high(job.postId),
  authorNo: job.authorNo,
  epoch: job.epoch,
  readers
})

const recordsOf = (job: FanoutJob, readers: Uint32Array): ReadonlyArray<DeliveryRecord> => {
  switch (job.how) {
    case "push":
      return [recordOf(job, kinds.push, readers)]
    case "pull":
      return [recordOf(job, kinds.refresh, noReaders)]
    case "both":
      return [recordOf(job, kinds.push, readers), recordOf(job, kinds.refresh, noReaders)]
    case "remove":
      return [recordOf(job, kinds.remove, noReaders)]
    case "edit":
      return [recordOf(job, kinds.edit, noReaders)]
  }
}

/** Ends when every shard has the post. */
export const run = (lanes: Lanes, job: FanoutJob): Effect.Effect<void, FanoutIncomplete> =>
  Effect.suspend(() => {
    const done = Deferred.makeUnsafe<void, FanoutIncomplete>()
    let open = 1
    let complete = true
    const settle = () => {
      if (--open > 0) return
      Deferred.doneUnsafe(done, complete ? Effect.void : Effect.fail(new FanoutIncomplete()))
    }
    for (const [shard, readers] of job.followers) {
      if (ShardBitmap.has(job.progress, shard)) continue
      const records = recordsOf(job, readers)
      let left = records.length
      let delivered = true
      open++
      for (const record of records) {
        lanes.offer(shard, record, (ok) => {
          delivered &&= ok
          if (--left > 0) return
          if (delivered) ShardBitmap.add(job.progress, shard)
          complete &&= delivered
          settle()
        })
      }
    }
    settle()
    return Deferred.await(done)
  })
