/** The windows of one shard's people: what a delivery does to them. Plain code over maps and typed arrays. */
import * as Window from "@rookery/domain/TimelineWindow"
import { deliveries, residentTimelines } from "@rookery/observe/Metrics"
import type { Slab } from "@rookery/domain/WindowSlab"
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as DeliveryBatch from "@rookery/protocol/DeliveryBatch"
import * as Prefetch from "./Prefetch.ts"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as Resident from "./ResidentWindow.ts"
import * as SessionTable from "./SessionTable.ts"
import * as TopicRings from "./TopicRings.ts"
import * as Untold from "./Untold.ts"

export interface ShardWindows {
  readonly shard: number
  readonly byNo: Map<number, Resident.ResidentWindow>
  readonly sessions: SessionTable.SessionTable
  readonly topics: TopicRings.TopicRings
  readonly pulled: PulledAuthors.PulledAuthors
  /** The newest posts of pulled authors that the online people here were told of; fan-out may repeat itself. */
  readonly announced: Window.TimelineWindow
  /** Posts that windows held before their fan-out came. */
  readonly untold: Untold.Untold
  /** Where the room of the windows is cut out of. */
  readonly slab: Slab | undefined
}

const announcedMax = 256

export const make = (shard: number, pulled: PulledAuthors.PulledAuthors, slab?: Slab): ShardWindows => ({
  shard,
  byNo: new Map(),
  sessions: SessionTable.make(),
  topics: TopicRings.make(),
  pulled,
  announced: Window.make(announcedMax),
  untold: Untold.make(),
  slab
})

/** Ends a window. Whoever waits with it in their hands finds it empty, without a promise. */
export const forget = (shard: ShardWindows, readerNo: number): void => {
  const resident = shard.byNo.get(readerNo)
  if (resident === undefined) return
  shard.byNo.delete(readerNo)
  Window.release(resident.window)
  residentTimelines.value--
}

export const clear = (shard: ShardWindows): void => {
  for (const readerNo of shard.byNo.keys()) forget(shard, readerNo)
  shard.untold.clear()
  TopicRings.clear(shard.topics)
}

const idOf = (record: DeliveryBatch.RecordView): bigint => (BigInt(record.hi) << 32n) | BigInt(record.lo)

/** Whether the window has the post, and its reader was not told of it. */
const isUntold = (shard: ShardWindows, { readerNo, window }: Resident.ResidentWindow, record: DeliveryBatch.RecordView): boolean =>
  shard.untold.has(readerNo) && Window.has(window, record.hi, record.lo) && Untold.take(shard.untold, readerNo, idOf(record))

/** Puts a post into the windows of the readers `words[from…to)`, and notes it for those who are online; true when there is something to flush. */
const pushTo = (shard: ShardWindows, record: DeliveryBatch.RecordView, from: number, to: number): boolean => {
  const { authorNo, hi, lo, words } = record
  const anyoneOnline = shard.sessions.frontsOf.size > 0
  let delivered = 0
  let isNoted = false
  for (let i = from; i < to; i++) {
    const readerNo = words[i]!
    const resident = shard.byNo.get(readerNo)
    if (resident === undefined) continue
    const isNew = Resident.deliver(resident, hi, lo, authorNo)
    if (isNew) delivered++
    if (anyoneOnline && (isNew || isUntold(shard, resident, record)) && SessionTable.isOnline(shard.sessions, readerNo)) {
      SessionTable.note(shard.sessions, readerNo, EventBatch.kinds.update, idOf(record), authorNo)
      isNoted = true
    }
  }
  deliveries.value += delivered
  return isNoted
}

/** The same for all readers of a record. */
export const push = (shard: ShardWindows, record: DeliveryBatch.RecordView): boolean => {
  const { from, to } = record
  if (to - from <= Prefetch.companyMax) return pushTo(shard, record, from, to)
  let isNoted = false
  for (let i = from; i < to; i += Prefetch.groupMax) {
    const end = Math.min(to, i + Prefetch.groupMax)
    Prefetch.note(shard.byNo, record.authorNo, record.words, i, end)
    Prefetch.run()
    isNoted = pushTo(shard, record, i, end) || isNoted
  }
  return isNoted
}

/** Records of few readers are looked ahead at, so that those of many are fetched together. */
const lookAhead = (shard: ShardWindows, { authorNo, from, kind, to, words }: DeliveryBatch.RecordView): void => {
  if (kind === DeliveryBatch.kinds.push && to - from <= Prefetch.companyMax) Prefetch.note(shard.byNo, authorNo, words, from, to)
}

/** Online followers of a pulled author hear of the post, once; their windows are not written. */
const announce = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  const { authorNo, hi, lo } = record
  if (shard.sessions.frontsOf.size === 0 || !Window.insert(shard.announced, hi, lo, authorNo)) return
  for (const person of shard.sessions.frontsOf.keys()) {
    const resident = shard.byNo.get(person)
    if (resident?.followees === undefined || !Resident.takes(resident, authorNo)) continue
    // It was pushed, and told of then.
    if (Window.has(resident.window, hi, lo) && !isUntold(shard, resident, record)) continue
    SessionTable.note(shard.sessions, person, EventBatch.kinds.update, idOf(record), authorNo)
  }
}

/** A refresh for an author whom this runner does not pull any more: every follower's window takes it. */
const pushToFollowers = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  for (const resident of shard.byNo.values()) {
    Resident.deliver(resident, record.hi, record.lo, record.authorNo)
  }
}

const refresh = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  announce(shard, record)
  const pulled = shard.pulled.byNo.get(record.authorNo)
  if (pulled === undefined) pushToFollowers(shard, record)
  else PulledAuthors.publish(pulled, record.hi, record.lo)
}

const remove = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  const { authorNo, hi, lo } = record
  const pulled = shard.pulled.byNo.get(authorNo)
  if (pulled !== undefined) PulledAuthors.removePost(pulled, hi, lo)
  for (const resident of shard.byNo.values()) {
    if (resident.followees !== undefined && !Resident.follows(resident.followees, authorNo)) continue
    if (Window.remove(resident.window, hi, lo)) resident.dirty = true
    if (SessionTable.isOnline(shard.sessions, resident.readerNo)) {
      SessionTable.note(shard.sessions, resident.readerNo, EventBatch.kinds.delete, idOf(record), authorNo)
    }
  }
}

/** Online readers who have the post, or would read it from its author's ring, are told that it changed. */
const edit = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  const { authorNo, hi, lo } = record
  const isPulled = shard.pulled.byNo.has(authorNo)
  for (const person of shard.sessions.frontsOf.keys()) {
    const resident = shard.byNo.get(person)
    if (resident?.followees === undefined || !Resident.follows(resident.followees, authorNo)) continue
    if (!isPulled && !Window.has(resident.window, hi, lo)) continue
    SessionTable.note(shard.sessions, person, EventBatch.kinds.edit, idOf(record), authorNo)
  }
}

const take = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  if (record.kind === DeliveryBatch.kinds.push) push(shard, record)
  else if (record.kind === DeliveryBatch.kinds.refresh) refresh(shard, record)
  else if (record.kind === DeliveryBatch.kinds.remove) remove(shard, record)
  else edit(shard, record)
}

/** Takes one message of fan-out in; repeats and reordering are harmless. Throws `RangeError` on broken bytes. */
export const deliverBatch = (shard: ShardWindows, batch: Uint8Array): void => {
  const look: DeliveryBatch.Ahead = {
    readersMax: Prefetch.groupMax - Prefetch.companyMax,
    visit: (record) => lookAhead(shard, record),
    end: Prefetch.run
  }
  DeliveryBatch.decode(batch, (record) => take(shard, record), look)
  SessionTable.flush(shard.sessions)
}

/** The same for one record from this very process. */
export const deliverOne = (shard: ShardWindows, record: DeliveryBatch.RecordView): void => {
  take(shard, record)
  SessionTable.flush(shard.sessions)
}

/**
 * Puts the posts of an author's ring into every window that follows them, and raises the windows' floors to
 * the ring's: after this the windows hold the author's posts without the ring.
 */
export const absorbRing = (shard: ShardWindows, authorNo: number, ring: Window.TimelineWindow): void => {
  for (const resident of shard.byNo.values()) {
    if (!Resident.takes(resident, authorNo)) continue
    for (let rank = 0; rank < ring.length; rank++) {
      Window.insert(resident.window, Window.hiAt(ring, rank), Window.loAt(ring, rank), authorNo)
    }
    Window.raiseFloor(resident.window, ring.floorHi, Window.floorLo(ring))
    resident.dirty = true
  }
}
