/**
 * Pushes to shards that this runner holds itself go straight into their windows: no message is written, none waits, and no
 * fiber is started for it. Only what those who are online are told waits for company, as messages do in a lane.
 */
import type { Expect } from "@rookery/fanout/Lanes"
import { kinds, type RecordHeader, type RecordView } from "@rookery/protocol/DeliveryBatch"
import { Effect } from "effect"
import * as Prefetch from "./Prefetch.ts"
import type { PauseGuard } from "./PauseGuard.ts"
import * as SessionTable from "./SessionTable.ts"
import * as ShardWindows from "./ShardWindows.ts"

/** Readers of one shard that are written at once: with more, the event loop turns between shards, as lanes let it. */
const readersMax = 64

/** The first event after a quiet time waits this many times less. */
const idleShare = 8

export interface NearDeliveriesOptions {
  readonly shards: ReadonlyMap<number, ShardWindows.ShardWindows>
  readonly guard: Pick<PauseGuard, "trusted">
  /** How long events wait for company, in milliseconds. */
  readonly lingerMillis: number
  readonly runFork: (effect: Effect.Effect<void>) => void
}

/** True when the readers `numbers[from…to)` of the shard have the post now; false when it must be sent to the shard. */
export type Deliver = (shard: number, header: RecordHeader, numbers: Uint32Array, from: number, to: number) => boolean

/** Fetches the windows of readers who are about to be delivered a post here, all of a group at once. */
export const expect = (shards: NearDeliveriesOptions["shards"]): Expect => (authorNo, numbers, parts) => {
  for (let i = 0; i < parts.length; i += 3) {
    const shard = shards.get(parts[i]!)
    const [from, to] = [parts[i + 1]!, parts[i + 2]!]
    if (shard !== undefined && to - from <= readersMax) Prefetch.note(shard.byNo, authorNo, numbers, from, to)
  }
  Prefetch.run()
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

export const make = ({ guard, lingerMillis, runFork, shards }: NearDeliveriesOptions): Deliver => {
  const telling = new Set<ShardWindows.ShardWindows>()
  let busy = false
  const view: Mutable<RecordView> = { kind: kinds.push, lo: 0, hi: 0, authorNo: 0, epoch: 0, words: new Uint32Array(0), from: 0, to: 0 }

  const flush = Effect.sync(() => {
    for (const shard of telling) SessionTable.flush(shard.sessions)
    telling.clear()
  })

  const drain = Effect.sleep(lingerMillis / idleShare).pipe(
    Effect.andThen(Effect.whileLoop({
      while: () => telling.size > 0,
      body: () => Effect.andThen(flush, Effect.sleep(lingerMillis)),
      step: () => {}
    })),
    Effect.ensuring(Effect.sync(() => {
      busy = false
    }))
  )

  const tell = (shard: ShardWindows.ShardWindows): void => {
    telling.add(shard)
    if (busy) return
    busy = true
    runFork(drain)
  }

  return (shardNo, header, numbers, from, to) => {
    if (header.kind !== kinds.push || to - from > readersMax || !guard.trusted()) return false
    const shard = shards.get(shardNo)
    if (shard === undefined) return false
    view.lo = header.lo
    view.hi = header.hi
    view.authorNo = header.authorNo
    view.epoch = header.epoch
    view.words = numbers
    view.from = from
    view.to = to
    if (ShardWindows.push(shard, view)) tell(shard)
    return true
  }
}
