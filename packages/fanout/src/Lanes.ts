/**
 * One lane to each timeline shard: at most one message is in flight, and what arrives meanwhile is
 * the next. So the number of messages follows from how fast a shard answers, not from how many posts there
 * are. Shared by all authors of a runner.
 */
import { batchRecords, deliveryBatches, deliveryFailures } from "@rookery/observe/Metrics"
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import * as Words from "@rookery/protocol/Words"
import { Effect } from "effect"

/** Sends one batch to one shard and ends when the shard has it; bounded in time by its maker. */
export type SendBatch = (shard: number, batch: Uint8Array) => Effect.Effect<void, unknown>

/** Takes a record to a shard that needs no message; false when it is to be sent. It must not wait, and not throw. */
export type DeliverNear = (
  shard: number,
  header: DeliveryBatch.RecordHeader,
  numbers: Uint32Array,
  from: number,
  to: number
) => boolean

/** Shards, and what part of `numbers` each is to be offered: shard, from, to, and so on. */
export type Parts = ReadonlyArray<number>

/** Told which readers are about to be offered a post of an author, those of shards that need no message among them. It changes nothing. */
export type Expect = (authorNo: number, numbers: Uint32Array, parts: Parts) => void

/** Told once for each record of a shard: true when the shard has it, false when it must be tried again later. */
export type OnSettled = (shard: number, delivered: boolean) => void

/** A message that is being filled, or waits: records are written as they come, so that none costs an object. */
interface Batch {
  readonly out: Words.WordWriter
  readonly onSettled: Array<OnSettled>
}

interface Lane {
  /** Oldest first; only the last is filled further. */
  readonly waiting: Array<Batch>
  waitingBytes: number
  busy: boolean
}

export interface LanesOptions {
  readonly send: SendBatch
  readonly deliverNear?: DeliverNear
  readonly expect?: Expect
  /** How long a lane waits for company between two messages, unless the next one is full, in milliseconds. */
  readonly lingerMillis: number
  /** Bytes waiting in one lane at most; beyond it `offer` refuses. */
  readonly laneBytesMax: number
  readonly runFork: (effect: Effect.Effect<void>) => void
}

export interface Lanes {
  /** Queues a record for the readers `numbers[from…to)`. A refused record is settled with false, and one delivered near with true, before `offer` returns. */
  readonly offer: (
    shard: number,
    header: DeliveryBatch.RecordHeader,
    numbers: Uint32Array,
    from: number,
    to: number,
    onSettled: OnSettled
  ) => void
  readonly expect: Expect
  /** Records queued and not yet in a message. */
  readonly waiting: () => number
}

/** A message worth sending at once: what it costs by itself is little beside its records. */
const fullBytes = 32 * 1024

/** An idle lane waits for company this many times less. */
const idleShare = 8

/** The batch that `bytes` more go into: the last one, unless that would outgrow a message. */
const batchFor = (lane: Lane, bytes: number): Batch => {
  const last = lane.waiting.at(-1)
  if (last !== undefined && last.out.length * 4 + bytes <= DeliveryBatch.batchBytesMax) return last
  const batch: Batch = { out: Words.writer(bytes / 4), onSettled: [] }
  lane.waiting.push(batch)
  return batch
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

  const settle = (shard: number, batch: Batch, delivered: boolean) =>
    Effect.sync(() => {
      if (!delivered) deliveryFailures.value += batch.onSettled.length
      for (const onSettled of batch.onSettled) onSettled(shard, delivered)
    })

  const sendNext = (shard: number, lane: Lane): Effect.Effect<void> =>
    Effect.suspend(() => {
      const batch = lane.waiting.shift()!
      const bytes = Words.bytes(batch.out)
      lane.waitingBytes -= bytes.byteLength
      deliveryBatches.value++
      batchRecords.observe(batch.onSettled.length)
      return Effect.matchCauseEffect(options.send(shard, bytes), {
        onFailure: () => settle(shard, batch, false),
        onSuccess: () => settle(shard, batch, true)
      })
    })

  /** A shard beside us answers within microseconds: without a pause every post would be a message of its own. */
  const linger = (lane: Lane, millis: number): Effect.Effect<void> =>
    Effect.suspend(() => lane.waitingBytes >= fullBytes ? Effect.void : Effect.sleep(millis))

  /** The pause comes after a message: the post that finds a lane idle waits only for those of its own group commit. */
  const drain = (shard: number, lane: Lane): Effect.Effect<void> =>
    linger(lane, options.lingerMillis / idleShare).pipe(
      Effect.andThen(Effect.whileLoop({
        while: () => lane.waiting.length > 0,
        body: () => Effect.andThen(sendNext(shard, lane), linger(lane, options.lingerMillis)),
        step: () => {}
      })),
      Effect.ensuring(Effect.sync(() => {
        lane.busy = false
      }))
    )

  const { deliverNear = () => false, expect = () => {} } = options

  const offer: Lanes["offer"] = (shard, header, numbers, from, to, onSettled) => {
    const lane = laneOf(shard)
    // Nothing overtakes what waits in the lane.
    if (!lane.busy && deliverNear(shard, header, numbers, from, to)) return onSettled(shard, true)
    const bytes = DeliveryBatch.bytesOf(to - from)
    if (lane.waitingBytes + bytes > options.laneBytesMax && lane.waiting.length > 0) return onSettled(shard, false)
    const batch = batchFor(lane, bytes)
    DeliveryBatch.append(batch.out, header, numbers, from, to)
    batch.onSettled.push(onSettled)
    lane.waitingBytes += bytes
    if (lane.busy) return
    lane.busy = true
    options.runFork(drain(shard, lane))
  }

  const waiting = () => {
    let records = 0
    for (const lane of lanes.values()) for (const batch of lane.waiting) records += batch.onSettled.length
    return records
  }

  return { offer, expect, waiting }
}
