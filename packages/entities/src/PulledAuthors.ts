/**
 * The authors whose posts this runner pulls: their modes, and a ring of recent ids for each, shared by all
 * shards of the runner. One load per ring at a time, however many readers wait.
 */
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import { ringHits, ringLoads } from "@rookery/observe/Metrics"
import type { ModeRow } from "@rookery/store/AuthorStore"
import { Deferred, Effect, type Exit } from "effect"

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

/** Reads the newest ids of an author and the floor above which they are all. */
export type ReadRing = (author: bigint) => Effect.Effect<
  { readonly ids: ReadonlyArray<bigint>; readonly floor: bigint },
  unknown
>

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

const load = (table: PulledAuthors, pulled: PulledAuthor): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    ringLoads.value++
    const arriving = Window.make(table.ringEntriesMax)
    pulled.arriving = arriving
    const { floor, ids } = yield* table.readRing(pulled.author)
    if (pulled.arriving !== arriving) return yield* Effect.fail(new Error("the ring was dropped while it was loading"))
    for (const id of ids) Window.insert(arriving, Snowflake.high(id), Snowflake.low(id), pulled.authorNo)
    Window.raiseFloor(arriving, Snowflake.high(floor), Snowflake.low(floor))
    pulled.ring = arriving
    pulled.arriving = undefined
    pulled.readAt = table.now()
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
    table.runFork(Effect.ignore(Effect.onExit(load(table, pulled), settle)))
    return Deferred.await(loading)
  })

/** Whether the ring can be read at once. */
export const isReady = (pulled: PulledAuthor): boolean => {
  if (pulled.ring === undefined) return false
  ringHits.value++
  return true
}
