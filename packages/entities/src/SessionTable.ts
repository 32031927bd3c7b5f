/**
 * Who is connected, for the people of one shard, and where their events go: a row per person and one
 * bounded feed per front. Owned by the shard's TimelineShard.
 */
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Unavailable } from "@rookery/protocol/Errors"
import { events, sessions } from "@rookery/observe/Metrics"
import { Cause, Effect, Queue } from "effect"

/** Chunks that may wait in one feed; a front that falls further behind is cut off and subscribes again. */
export const feedChunksMax = 1_024

interface Feed {
  readonly queue: Queue.Queue<Uint8Array, Unavailable>
  pending: Array<EventBatch.LiveEvent>
}

/** Notifications remembered as handed on, for repeats of their outbox rows. */
const handedMax = 4_096

export interface SessionTable {
  /** Fronts of each connected person; most have one. */
  readonly frontsOf: Map<number, string | Array<string>>
  readonly feeds: Map<string, Feed>
  /** The newest notifications that were handed on, oldest first. */
  readonly handed: Set<bigint>
}

export const make = (): SessionTable => ({ frontsOf: new Map(), feeds: new Map(), handed: new Set() })

const frontsAt = (table: SessionTable, person: number): ReadonlyArray<string> => {
  const fronts = table.frontsOf.get(person)
  return fronts === undefined ? [] : typeof fronts === "string" ? [fronts] : fronts
}

/** The front must hold a feed: without one its people could hear nothing. False when it does not. */
export const connect = (table: SessionTable, person: number, front: string): boolean => {
  if (!table.feeds.has(front)) return false
  const fronts = frontsAt(table, person)
  if (fronts.includes(front)) return true
  table.frontsOf.set(person, fronts.length === 0 ? front : [...fronts, front])
  sessions.value++
  return true
}

export const disconnect = (table: SessionTable, person: number, front: string): void => {
  const fronts = frontsAt(table, person)
  if (!fronts.includes(front)) return
  sessions.value--
  const rest = fronts.filter((other) => other !== front)
  if (rest.length === 0) table.frontsOf.delete(person)
  else table.frontsOf.set(person, rest.length === 1 ? rest[0]! : rest)
}

export const frontCount = (table: SessionTable, person: number): number => frontsAt(table, person).length

export const isOnline = (table: SessionTable, person: number): boolean => table.frontsOf.has(person)

/** Notes an event for one person; `flush` sends it. */
export const note = (
  table: SessionTable,
  person: number,
  kind: EventBatch.EventKind,
  postId: bigint,
  authorNo: number
): void => {
  for (const front of frontsAt(table, person)) {
    const feed = table.feeds.get(front)
    if (feed === undefined) continue
    const last = feed.pending.at(-1)
    if (last !== undefined && last.postId === postId && last.kind === kind) {
      ;(last.people as Array<number>).push(person)
    } else feed.pending.push({ kind, postId, authorNo, people: [person] })
    events.value++
  }
}

const isRepeat = (table: SessionTable, id: bigint): boolean => {
  if (table.handed.has(id)) return true
  if (table.handed.size >= handedMax) table.handed.delete(table.handed.values().next().value!)
  table.handed.add(id)
  return false
}

/** Hands notifications to the connected among their people, each once; ids are never used again. */
export const notify = (table: SessionTable, events: ReadonlyArray<EventBatch.LiveEvent>): void => {
  for (const event of events) {
    if (isRepeat(table, event.postId)) continue
    for (const person of event.people) note(table, person, event.kind, event.postId, event.authorNo)
  }
  flush(table)
}

const dropFront = (table: SessionTable, front: string): void => {
  table.feeds.delete(front)
  for (const person of [...table.frontsOf.keys()]) disconnect(table, person, front)
}

/** Sends what was noted. A feed that is full ends: its front is too slow, and reads the rest when it comes back. */
export const flush = (table: SessionTable): void => {
  for (const [front, feed] of table.feeds) {
    if (feed.pending.length === 0) continue
    const chunk = EventBatch.encode(feed.pending)
    feed.pending = []
    if (Queue.offerUnsafe(feed.queue, chunk)) continue
    Queue.failCauseUnsafe(feed.queue, Cause.fail(new Unavailable({ reason: "the event feed fell behind" })))
    dropFront(table, front)
  }
}

/** Opens the feed of a front; an older one of the same front ends. */
export const open = (table: SessionTable, front: string): Effect.Effect<Queue.Dequeue<Uint8Array, Unavailable>> =>
  Effect.gen(function*() {
    const older = table.feeds.get(front)
    if (older !== undefined) {
      Queue.failCauseUnsafe(older.queue, Cause.fail(new Unavailable({ reason: "another feed of this front was opened" })))
      dropFront(table, front)
    }
    const queue = yield* Queue.dropping<Uint8Array, Unavailable>(feedChunksMax)
    table.feeds.set(front, { queue, pending: [] })
    return queue
  })

/** Closes the feed, if it still is the front's. */
export const close = (table: SessionTable, front: string, queue: Queue.Dequeue<Uint8Array, Unavailable>): void => {
  if (table.feeds.get(front)?.queue === queue) dropFront(table, front)
}

/** Ends every feed: the shard moves. */
export const closeAll = (table: SessionTable): void => {
  for (const [front, feed] of [...table.feeds]) {
    Queue.failCauseUnsafe(feed.queue, Cause.fail(new Unavailable({ reason: "the shard has moved" })))
    dropFront(table, front)
  }
}
