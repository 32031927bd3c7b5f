/** One reader's home timeline in memory: the window, and what is needed to decide what enters it. Plain code on the hot path. */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import type { Slab } from "@rookery/domain/WindowSlab"
import type { Deferred } from "effect"
import type { PulledAuthor, PulledAuthors } from "./PulledAuthors.ts"

/** What a delivery needs comes first, and so stands in one or two lines of the processor's caches. */
export interface ResidentWindow {
  /** Undefined while the window is loading: what is delivered meanwhile waits in `window`. */
  followees: Uint32Array | undefined
  /** Whom the reader blocks, is blocked by or mutes, ascending: nothing of theirs enters. */
  hidden: Uint32Array
  readonly window: Window.TimelineWindow
  /** Changed since the last snapshot. */
  dirty: boolean
  readonly readerNo: number
  readonly reader: bigint
  followVersion: number
  /** Milliseconds at which somebody is hidden no longer, and the window must be loaded anew. */
  hiddenUntil: number
  /** Followed authors that are pulled, as of `pulledVersion` of the runner's table. */
  pulled: ReadonlyArray<PulledAuthor>
  pulledVersion: number
  /** Ends when the load ends; undefined once loaded. */
  loading: Deferred.Deferred<void, unknown> | undefined
  /** A load that read an older follow set than this must run again. */
  followVersionMin: number
  /** Followees whose older posts are still being read: until then the window promises nothing to a snapshot. */
  filling: number
  /** Milliseconds; for choosing whom to evict. */
  lastReadAt: number
  /** What the window before this one held, of which the reader was told; undefined once loaded. */
  told: ReadonlySet<bigint> | undefined
}

const nobody = new Uint32Array(0)
const noneOfThem: ReadonlyArray<PulledAuthor> = []

export const make = (readerNo: number, reader: bigint, entriesMax: number, now: number, slab?: Slab): ResidentWindow => ({
  followees: undefined,
  hidden: nobody,
  window: Window.make(entriesMax, slab),
  dirty: true,
  readerNo,
  reader,
  followVersion: 0,
  hiddenUntil: Number.POSITIVE_INFINITY,
  pulled: noneOfThem,
  pulledVersion: -1,
  loading: undefined,
  followVersionMin: 0,
  filling: 0,
  lastReadAt: now,
  told: undefined
})

/** Index of the last number that is not above `no`, among those from `from` on; the number at `from` is not. */
const lastUpTo = (numbers: Uint32Array, no: number, from: number, end: number): number => {
  let to = end
  while (to - from > 1) {
    const middle = (from + to) >>> 1
    if (numbers[middle]! <= no) from = middle
    else to = middle
  }
  return from
}

/** Where among ascending numbers, spread evenly more or less, `no` stands by proportion: an index, if it lies between the first and the last. */
export const guess = (numbers: Uint32Array, no: number): number => {
  const lowest = numbers[0]!
  const last = numbers.length - 1
  return Math.floor((no - lowest) / (numbers[last]! - lowest) * last)
}

/**
 * Whether `no` is among ascending numbers. A guess, and steps from there that double, miss the processor's caches less often than
 * halves do.
 */
const includes = (numbers: Uint32Array, no: number): boolean => {
  const { length } = numbers
  if (length === 0) return false
  const lowest = numbers[0]!
  const highest = numbers[length - 1]!
  if (no <= lowest || no >= highest) return no === lowest || no === highest
  let from = guess(numbers, no)
  let to = from + 1
  for (let step = 1; from > 0 && numbers[from]! > no; step *= 2) {
    to = from
    from = Math.max(0, from - step)
  }
  for (let step = 1; to < length && numbers[to]! <= no; step *= 2) {
    from = to
    to = Math.min(length, to + step)
  }
  return numbers[lastUpTo(numbers, no, from, to)] === no
}

/** Whether `authorNo` is followed, or is the reader. */
export const follows = (followees: Uint32Array, authorNo: number): boolean => includes(followees, authorNo)

/** Whether nothing of `authorNo` is for this reader. */
export const hides = (resident: ResidentWindow, authorNo: number): boolean =>
  resident.hidden.length > 0 && includes(resident.hidden, authorNo)

/** Whether posts of `authorNo` belong into the window. While it loads, they all may. */
export const takes = (resident: ResidentWindow, authorNo: number): boolean =>
  resident.followees === undefined || (includes(resident.followees, authorNo) && !hides(resident, authorNo))

/** Takes a pushed post in; false when it is not for this reader, or held already. */
export const deliver = (resident: ResidentWindow, hi: number, lo: number, authorNo: number): boolean => {
  if (!takes(resident, authorNo)) return false
  if (!Window.insert(resident.window, hi, lo, authorNo)) return false
  resident.dirty = true
  return true
}

const withMember = (numbers: Uint32Array, no: number): Uint32Array => {
  if (includes(numbers, no)) return numbers
  const next = new Uint32Array(numbers.length + 1)
  next.set(numbers)
  next[numbers.length] = no
  return next.sort()
}

/** Adds a followee; what they published before is for the backfill. */
export const follow = (resident: ResidentWindow, authorNo: number): void => {
  resident.followees = withMember(resident.followees!, authorNo)
  resident.pulledVersion = -1
  resident.dirty = true
}

/** Takes a followee and all their posts out. */
export const unfollow = (resident: ResidentWindow, authorNo: number): void => {
  resident.followees = resident.followees!.filter((no) => no !== authorNo)
  resident.pulledVersion = -1
  Window.removeAuthor(resident.window, authorNo)
  resident.dirty = true
}

/** Keeps somebody's posts out from now on, and takes those out that are there. */
export const hide = (resident: ResidentWindow, authorNo: number): void => {
  resident.hidden = withMember(resident.hidden, authorNo)
  resident.pulledVersion = -1
  Window.removeAuthor(resident.window, authorNo)
  resident.dirty = true
}

/** Lets somebody's posts in again; those of before are for the backfill. False when they were not hidden. */
export const unhide = (resident: ResidentWindow, authorNo: number): boolean => {
  if (!hides(resident, authorNo)) return false
  resident.hidden = resident.hidden.filter((no) => no !== authorNo)
  resident.pulledVersion = -1
  resident.dirty = true
  return true
}

/** What a load brings. */
export interface Loaded {
  readonly followees: Uint32Array
  /** As in `ResidentWindow`. */
  readonly hidden: Uint32Array
  /** As `EntryBytes`, the older part first; they may overlap. */
  readonly entries: ReadonlyArray<Uint8Array>
  readonly floor: bigint
}

/** Puts what was loaded under what was delivered meanwhile. */
export const land = (resident: ResidentWindow, { entries, floor, followees, hidden }: Loaded): void => {
  const { window } = resident
  resident.followees = followees
  resident.hidden = hidden
  Window.keepAuthors(window, (authorNo) => takes(resident, authorNo))
  Window.reserve(window, entries.reduce((sum, part) => sum + EntryBytes.countOf(part), window.length))
  for (const part of entries) EntryBytes.insertInto(window, part)
  Window.raiseFloor(window, Snowflake.high(floor), Snowflake.low(floor))
  resident.pulledVersion = -1
  resident.dirty = true
}

/** The pulled authors whom the reader follows and does not hide; worked out again only when the runner's table or the follow set changed. Needs a loaded window. */
export const pulledOf = (resident: ResidentWindow, table: PulledAuthors): ReadonlyArray<PulledAuthor> => {
  if (resident.pulledVersion !== table.version) {
    const followed: Array<PulledAuthor> = []
    for (const pulled of table.byNo.values()) {
      if (takes(resident, pulled.authorNo)) followed.push(pulled)
    }
    resident.pulled = followed.length === 0 ? noneOfThem : followed
    resident.pulledVersion = table.version
  }
  return resident.pulled
}
