/**
 * The authors whose posts this runner pulls: their modes, and a ring of recent ids for each, shared by all
 * shards of the runner. One load per ring at a time, however many readers wait.
 */
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import { ringHits, ringLoads } from "@rookery/observe/Metrics"
import type { ModeRow } from "@rookery/store/AuthorStore"
import { Deferred, Effect, type Exit } from "effect"
import { type ReadRing, type RingIds, settledBelow } from "./RingReader.ts"

export interface PulledAuthor {
  readonly authorNo: number
  readonly author: bigint
  /** Undefined until it is first read. */
  ring: Window.TimelineWindow | undefined
  /** While a load runs: what is published meanwhile goes in here. */
  arriving: Window.TimelineWindow | undefined
  loading: Deferred.Deferred<void, unknown> | undefined
  /** Milliseconds. */
  readAt: number
  /** When the table of the database stopped listing this author; 0 while it does. */
  absentSince: number
}

export interface PulledAuthors {
  readonly byNo: Map<number, PulledAuthor>
  /** The newest epoch seen of each author, pushed ones included. */
  readonly epochs: Map<number, number>
  /** Rises whenever an author enters or leaves `byNo`. */
  version: number
  readonly ringEntriesMax: number
  readonly readRing: ReadRing
  readonly now: () => number
  /** Starts work that outlives whoever asked for it, within the runner. */
  readonly runFork: (effect: Effect.Effect<void>) => void
}

export const make = (
  options: Pick<PulledAuthors, "ringEntriesMax" | "readRing" | "now" | "runFork">
): PulledAuthors => ({ byNo: new Map(), epochs: new Map(), version: 0, ...options })

/** Starts pulling an author; false when it is pulled already, or a newer mode is known. */
export const enter = (table: PulledAuthors, row: Omit<ModeRow, "mode">): boolean => {
  const known = table.epochs.get(row.authorNo) ?? -1
  if (row.epoch < known) return false
  table.epochs.set(row.authorNo, row.epoch)
  const present = table.byNo.get(row.authorNo)
  if (present !== undefined) {
    present.absentSince = 0
    return false
  }
  table.byNo.set(row.authorNo, {
    authorNo: row.authorNo,
    author: row.author,
    ring: undefined,
    arriving: undefined,
    loading: undefined,
    readAt: 0,
    absentSince: 0
  })
  table.version++
  return true
}

/** Stops pulling an author. Whoever calls has put the ring's posts into the windows. */
export const leave = (table: PulledAuthors, authorNo: number, epoch: number): void => {
  table.epochs.set(authorNo, Math.max(epoch, table.epochs.get(authorNo) ?? 0))
  if (table.byNo.delete(authorNo)) table.version++
}

/** A new post of a pulled author. */
export const publish = (pulled: PulledAuthor, hi: number, lo: number): void => {
  if (pulled.arriving !== undefined) Window.insert(pulled.arriving, hi, lo, pulled.authorNo)
  if (pulled.ring !== undefined) Window.insert(pulled.ring, hi, lo, pulled.authorNo)
}

/** A post of any author was deleted. */
export const removePost = (pulled: PulledAuthor, hi: number, lo: number): void => {
  if (pulled.arriving !== undefined) Window.remove(pulled.arriving, hi, lo)
  if (pulled.ring !== undefined) Window.remove(pulled.ring, hi, lo)
}

/** Forgets every ring; the modes stay. */
export const dropRings = (table: PulledAuthors): void => {
  for (const pulled of table.byNo.values()) {
    pulled.ring = undefined
    pulled.arriving = undefined
  }
}

const fill = (ring: Window.TimelineWindow, authorNo: number, { floor, ids }: RingIds): void => {
  for (const id of ids) Window.insert(ring, Snowflake.high(id), Snowflake.low(id), authorNo)
  Window.raiseFloor(ring, Snowflake.high(floor), Snowflake.low(floor))
}

const load = (table: PulledAuthors, pulled: PulledAuthor): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    ringLoads.value++
    const arriving = Window.make(table.ringEntriesMax)
    const startedAt = table.now()
    pulled.arriving = arriving
    const read = yield* table.readRing(pulled.author, undefined)
    if (pulled.arriving !== arriving) return yield* Effect.fail(new Error("the ring was dropped while it was loading"))
    fill(arriving, pulled.authorNo, read)
    pulled.ring = arriving
    pulled.arriving = undefined
    pulled.readAt = startedAt
  })

/** Reads what came since the ring was read; where that is more than a ring holds, the ring is read anew. */
const renew = (table: PulledAuthors, pulled: PulledAuthor, ring: Window.TimelineWindow): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const startedAt = table.now()
    const since = settledBelow(pulled.readAt)
    const read = yield* table.readRing(pulled.author, since)
    if (read.floor > since) return yield* load(table, pulled)
    if (pulled.ring !== ring) return yield* Effect.fail(new Error("the ring was dropped while it was read"))
    fill(ring, pulled.authorNo, { ids: read.ids, floor: 0n })
    pulled.readAt = startedAt
  })

/** Reads the ring again, once however many ask; a caller that goes away does not stop it for the others. */
export const refresh = (table: PulledAuthors, pulled: PulledAuthor): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (pulled.loading !== undefined) return Deferred.await(pulled.loading)
    const loading = Deferred.makeUnsafe<void, unknown>()
    pulled.loading = loading
    const settle = (exit: Exit.Exit<void, unknown>) =>
      Effect.sync(() => {
        pulled.loading = undefined
        Deferred.doneUnsafe(loading, exit)
      })
    const read = pulled.ring === undefined ? load(table, pulled) : renew(table, pulled, pulled.ring)
    table.runFork(Effect.ignore(Effect.onExit(read, settle)))
    return Deferred.await(loading)
  })

/** Whether the ring can be read at once. */
export const isReady = (pulled: PulledAuthor): boolean => {
  if (pulled.ring === undefined) return false
  ringHits.value++
  return true
}
