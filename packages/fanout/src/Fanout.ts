/**
 * Drives one post to every shard that has followers of its author, and remembers which shards have it.
 * Repeats are harmless; a run that fails leaves its outbox row to whoever claims it next.
 */
import type { Mode } from "@rookery/domain/FanoutMode"
import * as Snowflake from "@rookery/domain/Snowflake"
import { kinds, type Kind, type RecordHeader } from "@rookery/protocol/DeliveryBatch"
import { Deferred, Effect } from "effect"
import type { Lanes, Parts } from "./Lanes.ts"
import * as ShardBitmap from "./ShardBitmap.ts"

type Visit = (shard: number, numbers: Uint32Array, from: number, to: number) => void

/** Visits every shard that is to be told, with the readers there: `numbers[from…to)`. */
export type Audience = (visit: Visit) => void

export interface FanoutJob {
  readonly postId: bigint
  readonly authorNo: number
  readonly epoch: number
  /** What to tell the shards; `both` sends a push and a refresh. `remove` takes the post out again; `edit` tells who looks on. */
  readonly how: Mode | "remove" | "edit"
  readonly audience: Audience
  /** A bitmap of all shards; updated as they answer. */
  readonly progress: Uint8Array
}

/** Some shards did not take it; `progress` says which did. */
export class FanoutIncomplete {
  readonly _tag = "FanoutIncomplete"
}

const kindsOf: Record<FanoutJob["how"], ReadonlyArray<Kind>> = {
  push: [kinds.push],
  pull: [kinds.refresh],
  both: [kinds.push, kinds.refresh],
  remove: [kinds.remove],
  edit: [kinds.edit]
}

const headersOf = (job: FanoutJob): ReadonlyArray<RecordHeader> => {
  const { authorNo, epoch, postId } = job
  const [hi, lo] = [Snowflake.high(postId), Snowflake.low(postId)]
  return kindsOf[job.how].map((kind) => ({ kind, lo, hi, authorNo, epoch }))
}

/** Readers that are told of together before the first of them is offered anything. */
const groupReaders = 448

/** Visits the shards of an audience in groups; `look` sees each group before its first shard is visited. */
const inGroups = (audience: Audience, look: (numbers: Uint32Array, parts: Parts) => void, visit: Visit): void => {
  const parts: Array<number> = []
  let numbers: Uint32Array = new Uint32Array(0)
  let readers = 0
  const close = () => {
    if (parts.length === 0) return
    look(numbers, parts)
    for (let i = 0; i < parts.length; i += 3) visit(parts[i]!, numbers, parts[i + 1]!, parts[i + 2]!)
    parts.length = 0
    readers = 0
  }
  audience((shard, all, from, to) => {
    if (readers >= groupReaders || all !== numbers) close()
    numbers = all
    parts.push(shard, from, to)
    readers += to - from
  })
  close()
}

/** Ends when every shard has the post. */
export const run = (lanes: Lanes, job: FanoutJob): Effect.Effect<void, FanoutIncomplete> =>
  Effect.suspend(() => {
    const done = Deferred.makeUnsafe<void, FanoutIncomplete>()
    const headers = headersOf(job)
    const failed = ShardBitmap.make(job.progress.length * 8 - 1)
    // Records of each shard that are still under way; a shard has the post when it took all of them.
    const underWay = new Uint8Array(job.progress.length * 8)
    let open = 1
    let complete = true
    const close = () => {
      if (--open > 0) return
      Deferred.doneUnsafe(done, complete ? Effect.void : Effect.fail(new FanoutIncomplete()))
    }
    const onSettled = (shard: number, delivered: boolean) => {
      if (!delivered) ShardBitmap.add(failed, shard)
      if (--underWay[shard]! > 0) return
      if (ShardBitmap.has(failed, shard)) complete = false
      else ShardBitmap.add(job.progress, shard)
      close()
    }
    const isPushed = headers.some(({ kind }) => kind === kinds.push)
    const look = (numbers: Uint32Array, parts: Parts) => isPushed && lanes.expect(job.authorNo, numbers, parts)
    inGroups(job.audience, look, (shard, numbers, from, to) => {
      if (ShardBitmap.has(job.progress, shard)) return
      open++
      underWay[shard] = headers.length
      for (const header of headers) {
        lanes.offer(shard, header, numbers, from, header.kind === kinds.push ? to : from, onSettled)
      }
    })
    close()
    return Deferred.await(done)
  })
