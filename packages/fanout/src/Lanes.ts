/**
 * One lane to each timeline shard: at most one message is in flight, and what arrives meanwhile is
 * the next. So the number of messages follows from how fast a shard answers, not from how many posts there
 * are. Shared by all authors of a runner.
 */
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import { batchRecords, deliveryBatches, deliveryFailures } from "@rookery/observe/Metrics"
import { Effect } from "effect"

/** Sends one batch to one shard and ends when the shard has it; bounded in time by its maker. */
export type SendBatch = (shard: number, batch: Uint8Array) => Effect.Effect<void, unknown>

/** Told once for each record: true when the shard has it, false when it must be tried again later. */
export type OnSettled = (delivered: boolean) => void

interface Waiting {
  readonly record: DeliveryBatch.DeliveryRecord
  readonly onSettled: OnSettled
}

interface Lane {
  waiting: Array<Waiting>
  waitingBytes: number
  busy: boolean
}

export interface LanesOptions {
  readonly send: SendBatch
  /** How long a lane waits for company before each message that is not full yet, in milliseconds. */
  readonly lingerMillis: number
  /** Bytes waiting in one lane at most; beyond it `offer` refuses. */
  readonly laneBytesMax: number
  readonly runFork: (effect: Effect.Effect<void>) => void
}

export interface Lanes {
  /** Queues a record. A refused record is settled with false before `offer` returns. */
  readonly offer: (shard: number, record: DeliveryBatch.DeliveryRecord, onSettled: OnSettled) => void
  /** Records queued and not yet in a message. */
  readonly waiting: () => number
}

/** A message worth sending at once: what it costs by itself is little beside its records. */
const fullBytes = 32 * 1024

const recordBytes = (record: DeliveryBatch.DeliveryRecord): number =>
  (DeliveryBatch.headerWords + record.readers.length) * 4

/** Takes records from the front of the lane up to the size of one message; at least one. */
const takeBatch = (lane: Lane): Array<Waiting> => {
  let bytes = 0
  let count = 0
  while (count < lane.waiting.length) {
    bytes += recordBytes(lane.waiting[count]!.record)
    if (count > 0 && bytes > DeliveryBatch.batchBytesMax) {
      bytes -= recordBytes(lane.waiting[count]!.record)
      break
    }
    count++
  }
  lane.waitingBytes -= bytes
  if (count === lane.waiting.length) {
    const all = lane.waiting
    lane.waiting = []
    return all
  }
  return lane.waiting.splice(0, count)
}

export const make = (options: LanesOptions): Lanes => {
  const lanes = new Map<number, Lane>()

  const laneOf = (shard: number): Lane => {
    let lane = lanes.get(shard)
    if (lane === undefined) {
      lane = { waiting: [], waitingBytes: 0, busy: false }
      lanes.set(shard, lane)
    }
    return lane
  }

  const sendNext = (shard: number, lane: Lane): Effect.Effect<void> =>
    Effect.suspend(() => {
      const batch = takeBatch(lane)
      deliveryBatches.value++
      batchRecords.observe(batch.length)
      const settle = (delivered: boolean) =>
        Effect.sync(() => {
          if (!delivered) deliveryFailures.value += batch.length
          for (const entry of batch) entry.onSettled(delivered)
        })
      return options.send(shard, DeliveryBatch.encode(batch.map((entry) => entry.record))).pipe(
        Effect.matchCauseEffect({ onFailure: () => settle(false), onSuccess: () => settle(true) })
      )
    })

  /** A shard beside us answers within microseconds: without a pause every post would be a message of its own. */
  const linger = (lane: Lane): Effect.Effect<void> =>
    lane.waitingBytes >= fullBytes ? Effect.void : Effect.sleep(options.lingerMillis)

  const drain = (shard: number, lane: Lane): Effect.Effect<void> =>
    Effect.whileLoop({
      while: () => lane.waiting.length > 0,
      body: () => Effect.andThen(linger(lane), sendNext(shard, lane)),
      step: () => {}
    }).pipe(Effect.ensuring(Effect.sync(() => {
      lane.busy = false
    })))

  const offer = (shard: number, record: DeliveryBatch.DeliveryRecord, onSettled: OnSettled): void => {
    const lane = laneOf(shard)
    const bytes = recordBytes(record)
    if (lane.waitingBytes + bytes > options.laneBytesMax && lane.waiting.length > 0) return onSettled(false)
    lane.waiting.push({ record, onSettled })
    lane.waitingBytes += bytes
    if (lane.busy) return
    lane.busy = true
    options.runFork(drain(shard, lane))
  }

  const waiting = () => {
    let records = 0
    for (const lane of lanes.values()) records += lane.waiting.length
    return records
  }

  return { offer, waiting }
}
