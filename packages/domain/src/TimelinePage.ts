/**
 * One page out of memory: the reader's window merged with the rings of the pulled authors they
 * follow. Only what lies at or above the highest floor of the sources may come from here.
 */
import * as Window from "./TimelineWindow.ts"

/** Bounds of a page; all exclusive. Absent bounds are 0n (`sinceId`, `minId`) or undefined (`maxId`). */
export interface PageQuery {
  readonly maxId: bigint | undefined
  readonly sinceId: bigint
  /** When not 0n the page holds the entries right above it, instead of the newest. */
  readonly minId: bigint
  readonly limit: number
}

export interface Entry {
  readonly id: bigint
  readonly authorNo: number
}

export interface MemoryPage {
  /** Newest first. */
  readonly entries: Array<Entry>
  /** False: memory ends before the page does, and what is below `floor` must come from the database. */
  readonly complete: boolean
  /** The highest floor of the sources. */
  readonly floor: bigint
}

const wordsOf = (id: bigint): readonly [hi: number, lo: number] => [Number(id >> 32n), Number(id & 0xffff_ffffn)]

const idAt = (window: Window.TimelineWindow, rank: number): bigint =>
  (BigInt(Window.hiAt(window, rank)) << 32n) | BigInt(Window.loAt(window, rank))

export const highestFloor = (sources: ReadonlyArray<Window.TimelineWindow>): bigint => {
  let hi = 0
  let lo = 0
  for (const source of sources) {
    if (source.floorHi > hi || (source.floorHi === hi && Window.floorLo(source) > lo)) {
      hi = source.floorHi
      lo = Window.floorLo(source)
    }
  }
  return (BigInt(hi) << 32n) | BigInt(lo)
}

const emptyPage = (floor: bigint, complete: boolean): MemoryPage => ({ entries: [], complete, floor })

/** Merges downwards from `maxId`; `stop` is the first id not to be taken. */
const newest = (
  sources: ReadonlyArray<Window.TimelineWindow>,
  maxId: bigint | undefined,
  lowest: bigint,
  limit: number
): Array<Entry> => {
  const entries: Array<Entry> = []
  const ranks = sources.map((source) =>
    maxId === undefined ? source.length - 1 : Window.rankOf(source, ...wordsOf(maxId)) - 1
  )
  let last = -1n
  while (entries.length < limit) {
    let best = -1
    let bestId = -1n
    for (let i = 0; i < sources.length; i++) {
      if (ranks[i]! < 0) continue
      const id = idAt(sources[i]!, ranks[i]!)
      if (id > bestId) {
        best = i
        bestId = id
      }
    }
    if (best === -1 || bestId < lowest) break
    if (bestId !== last) entries.push({ id: bestId, authorNo: Window.authorAt(sources[best]!, ranks[best]!) })
    last = bestId
    ranks[best]!--
  }
  return entries
}

/** Merges upwards from `above`, then turns the page round. */
const rightAbove = (
  sources: ReadonlyArray<Window.TimelineWindow>,
  above: bigint,
  query: PageQuery
): Array<Entry> => {
  const entries: Array<Entry> = []
  const ranks = sources.map((source) => Window.rankOf(source, ...wordsOf(above + 1n)))
  let last = -1n
  while (entries.length < query.limit) {
    let best = -1
    let bestId = -1n
    for (let i = 0; i < sources.length; i++) {
      if (ranks[i]! >= sources[i]!.length) continue
      const id = idAt(sources[i]!, ranks[i]!)
      if (best === -1 || id < bestId) {
        best = i
        bestId = id
      }
    }
    if (best === -1 || (query.maxId !== undefined && bestId >= query.maxId)) break
    if (bestId !== last) entries.push({ id: bestId, authorNo: Window.authorAt(sources[best]!, ranks[best]!) })
    last = bestId
    ranks[best]!++
  }
  return entries.reverse()
}

/** The part of a page that memory may answer. Source 0 is the reader's window, the rest are rings. */
export const read = (sources: ReadonlyArray<Window.TimelineWindow>, query: PageQuery): MemoryPage => {
  const floor = highestFloor(sources)
  if (query.minId > 0n) {
    const above = query.minId > query.sinceId ? query.minId : query.sinceId
    if (above + 1n < floor) return emptyPage(floor, false)
    return { entries: rightAbove(sources, above, query), complete: true, floor }
  }
  const lowest = query.sinceId + 1n > floor ? query.sinceId + 1n : floor
  const entries = newest(sources, query.maxId, lowest, query.limit)
  const complete = entries.length === query.limit || query.sinceId + 1n >= floor
  return { entries, complete, floor }
}
