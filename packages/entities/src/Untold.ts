/**
 * Posts that came into the windows of people who are online by a read of the database, before their fan-out did: that will find
 * them there, and they are news all the same. Plain code; owned by the shard's windows.
 */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"

interface Kept {
  readonly ids: Set<bigint>
  /** Milliseconds. */
  until: number
}

/** By the reader's local number. */
export type Untold = Map<number, Kept>

export const make = (): Untold => new Map()

/** A fan-out may still be on its way to posts as young as this by their ids; clocks of other datacenters are minutes off. Milliseconds. */
const youngMillis = 900_000

/** A post that was not brought within this was told of before, or never will be. Milliseconds. */
const keptMillis = 60_000

/** Of one reader; the newest are kept. */
const idsMax = 256

/** `ids` are newest first. */
export const note = (untold: Untold, readerNo: number, ids: ReadonlyArray<bigint>, now: number): void => {
  const since = Snowflake.floorAt(Date.now() - youngMillis)
  const young = ids.slice(0, idsMax).filter((id) => id >= since)
  if (young.length === 0) return
  const before = [...untold.get(readerNo)?.ids ?? []].slice(young.length - idsMax)
  untold.set(readerNo, { ids: new Set([...(young.length < idsMax ? before : []), ...young]), until: now + keptMillis })
}

/** Whether a post that fan-out brings was noted; it is not any more. */
export const take = (untold: Untold, readerNo: number, id: bigint): boolean => untold.get(readerNo)?.ids.delete(id) ?? false

/** Forgets what is too old, and those who are not online. */
export const prune = (untold: Untold, isOnline: (readerNo: number) => boolean, now: number): void => {
  for (const [readerNo, { ids, until }] of untold) {
    if (ids.size === 0 || until <= now || !isOnline(readerNo)) untold.delete(readerNo)
  }
}

/** The newest of some entries that a window does not hold, newest first. */
export const missingIn = (window: Window.TimelineWindow, entries: Uint8Array): Array<bigint> => {
  const missing: Array<bigint> = []
  for (let i = 0; i < Math.min(idsMax, EntryBytes.countOf(entries)); i++) {
    const id = EntryBytes.idAt(entries, i)
    if (!Window.has(window, Snowflake.high(id), Snowflake.low(id))) missing.push(id)
  }
  return missing
}

/** The newest that a window holds. */
export const newestOf = (window: Window.TimelineWindow): ReadonlySet<bigint> => {
  const ids = new Set<bigint>()
  for (let rank = window.length - 1; rank >= Math.max(0, window.length - idsMax); rank--) {
    ids.add(Snowflake.fromWords(Window.hiAt(window, rank), Window.loAt(window, rank)))
  }
  return ids
}
