/** One reader's home timeline in memory: the window, and what is needed to decide what enters it. Plain code on the hot path. */
import * as Window from "@rookery/domain/TimelineWindow"
import type { Deferred } from "effect"
import type { PulledAuthor, PulledAuthors } from "./PulledAuthors.ts"

export interface ResidentWindow {
  readonly readerNo: number
  readonly reader: bigint
  /** Undefined while the window is loading: what is delivered meanwhile waits in `window`. */
  followees: Uint32Array | undefined
  followVersion: number
  window: Window.TimelineWindow
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
  /** Changed since the last snapshot. */
  dirty: boolean
}

export const make = (readerNo: number, reader: bigint, entriesMax: number, now: number): ResidentWindow => ({
  readerNo,
  reader,
  followees: undefined,
  followVersion: 0,
  window: Window.make(entriesMax),
  pulled: [],
  pulledVersion: -1,
  loading: undefined,
  followVersionMin: 0,
  filling: 0,
  lastReadAt: now,
  dirty: true
})

/** Whether `authorNo` is followed, or is the reader. */
export const follows = (followees: Uint32Array, authorNo: number): boolean => {
  let from = 0
  let to = followees.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (followees[middle]! < authorNo) from = middle + 1
    else to = middle
  }
  return followees[from] === authorNo
}

/** Takes a pushed post in; false when it is not for this reader, or held already. */
export const deliver = (resident: ResidentWindow, hi: number, lo: number, authorNo: number): boolean => {
  if (resident.followees !== undefined && !follows(resident.followees, authorNo)) return false
  if (!Window.insert(resident.window, hi, lo, authorNo)) return false
  resident.dirty = true
  return true
}

const withMember = (numbers: Uint32Array, no: number): Uint32Array => {
  if (follows(numbers, no)) return numbers
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

/** Puts what was loaded under what was delivered meanwhile. */
export const land = (resident: ResidentWindow, loaded: Window.TimelineWindow, followees: Uint32Array): void => {
  const delivered = resident.window
  for (let rank = 0; rank < delivered.length; rank++) {
    const authorNo = Window.authorAt(delivered, rank)
    if (!follows(followees, authorNo)) continue
    Window.insert(loaded, Window.hiAt(delivered, rank), Window.loAt(delivered, rank), authorNo)
  }
  Window.raiseFloor(loaded, delivered.floorHi, delivered.floorLo)
  resident.window = loaded
  resident.followees = followees
  resident.pulledVersion = -1
  resident.dirty = true
}

/** The pulled authors whom the reader follows; worked out again only when the runner's table or the follow set changed. Needs a loaded window. */
export const pulledOf = (resident: ResidentWindow, table: PulledAuthors): ReadonlyArray<PulledAuthor> => {
  if (resident.pulledVersion !== table.version) {
    const followed: Array<PulledAuthor> = []
    for (const pulled of table.byNo.values()) {
      if (follows(resident.followees!, pulled.authorNo)) followed.push(pulled)
    }
    resident.pulled = followed
    resident.pulledVersion = table.version
  }
  return resident.pulled
}
