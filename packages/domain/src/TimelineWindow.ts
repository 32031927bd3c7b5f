/**
 * The newest entries of one timeline, or of one pulled author (a ring): unique by id, in the order
 * of ids, at most `capacityMax` of them, in one circular typed array of 12 bytes an entry.
 *
 * The **floor** is the promise: every entitled post whose id is at or above it is here. Eviction
 * raises it, nothing is inserted below it, removal leaves it. Floor 0 means that all there is, is here.
 *
 * Mutable, synchronous and owned by one actor. Ids are pairs of 32-bit words (`hi`, `lo`).
 */

const stride = 3
const entriesMin = 8

export interface TimelineWindow {
  readonly capacityMax: number
  /** `lo`, `hi`, author for each entry; the entry of rank r (0 is the oldest) is at `(head + r) % slots`. */
  words: Uint32Array
  slots: number
  head: number
  length: number
  floorHi: number
  floorLo: number
}

export const make = (capacityMax: number, entriesHint = 0): TimelineWindow => {
  const slots = Math.min(capacityMax, Math.max(entriesMin, entriesHint))
  return { capacityMax, words: new Uint32Array(slots * stride), slots, head: 0, length: 0, floorHi: 0, floorLo: 0 }
}

const offset = (window: TimelineWindow, rank: number): number => {
  const slot = window.head + rank
  return (slot >= window.slots ? slot - window.slots : slot) * stride
}

export const loAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank)]!
export const hiAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank) + 1]!
export const authorAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank) + 2]!

/** Entries with an id below (`hi`, `lo`): the rank at which that id is, or belongs. */
export const rankOf = (window: TimelineWindow, hi: number, lo: number): number => {
  let from = 0
  let to = window.length
  while (from < to) {
    const middle = (from + to) >>> 1
    const at = offset(window, middle)
    const otherHi = window.words[at + 1]!
    if (otherHi < hi || (otherHi === hi && window.words[at]! < lo)) from = middle + 1
    else to = middle
  }
  return from
}

export const isBelowFloor = (window: TimelineWindow, hi: number, lo: number): boolean =>
  hi < window.floorHi || (hi === window.floorHi && lo < window.floorLo)

const isAt = (window: TimelineWindow, rank: number, hi: number, lo: number): boolean =>
  rank < window.length && loAt(window, rank) === lo && hiAt(window, rank) === hi

export const has = (window: TimelineWindow, hi: number, lo: number): boolean =>
  isAt(window, rankOf(window, hi, lo), hi, lo)

const grow = (window: TimelineWindow): void => {
  const slots = Math.min(window.capacityMax, window.slots * 2)
  const words = new Uint32Array(slots * stride)
  const firstPart = Math.min(window.length, window.slots - window.head)
  words.set(window.words.subarray(window.head * stride, (window.head + firstPart) * stride))
  words.set(window.words.subarray(0, (window.length - firstPart) * stride), firstPart * stride)
  window.words = words
  window.slots = slots
  window.head = 0
}

const move = (window: TimelineWindow, fromRank: number, toRank: number): void => {
  const from = offset(window, fromRank)
  const to = offset(window, toRank)
  const { words } = window
  words[to] = words[from]!
  words[to + 1] = words[from + 1]!
  words[to + 2] = words[from + 2]!
}

const put = (window: TimelineWindow, rank: number, hi: number, lo: number, author: number): void => {
  const at = offset(window, rank)
  window.words[at] = lo
  window.words[at + 1] = hi
  window.words[at + 2] = author
}

const setFloorAbove = (window: TimelineWindow, hi: number, lo: number): void => {
  window.floorLo = (lo + 1) >>> 0
  window.floorHi = window.floorLo === 0 ? hi + 1 : hi
}

const dropOldest = (window: TimelineWindow): void => {
  setFloorAbove(window, hiAt(window, 0), loAt(window, 0))
  window.head = window.head + 1 === window.slots ? 0 : window.head + 1
  window.length--
}

/** Adds an entry at its place. False when it is held already, or lies below the floor (also below the one this insertion raises). */
export const insert = (window: TimelineWindow, hi: number, lo: number, author: number): boolean => {
  if (isBelowFloor(window, hi, lo)) return false
  let rank = rankOf(window, hi, lo)
  if (isAt(window, rank, hi, lo)) return false
  if (window.length === window.capacityMax) {
    if (rank === 0) {
      setFloorAbove(window, hi, lo)
      return false
    }
    dropOldest(window)
    rank--
  } else if (window.length === window.slots) grow(window)
  window.length++
  for (let at = window.length - 1; at > rank; at--) move(window, at - 1, at)
  put(window, rank, hi, lo, author)
  return true
}

const removeAt = (window: TimelineWindow, rank: number): void => {
  for (let at = rank; at < window.length - 1; at++) move(window, at + 1, at)
  window.length--
}

/** Takes an entry out; the floor stays. False when it was not held. */
export const remove = (window: TimelineWindow, hi: number, lo: number): boolean => {
  const rank = rankOf(window, hi, lo)
  if (!isAt(window, rank, hi, lo)) return false
  removeAt(window, rank)
  return true
}

/** Takes every entry of `author` out; returns how many there were. */
export const removeAuthor = (window: TimelineWindow, author: number): number => {
  let kept = 0
  for (let rank = 0; rank < window.length; rank++) {
    if (authorAt(window, rank) === author) continue
    if (kept !== rank) move(window, rank, kept)
    kept++
  }
  const removed = window.length - kept
  window.length = kept
  return removed
}

/** Raises the floor to (`hi`, `lo`) and drops what lies below; a lower floor changes nothing. */
export const raiseFloor = (window: TimelineWindow, hi: number, lo: number): void => {
  if (!isBelowFloor(window, hi, lo) && (hi !== window.floorHi || lo !== window.floorLo)) {
    while (window.length > 0 && (hiAt(window, 0) < hi || (hiAt(window, 0) === hi && loAt(window, 0) < lo))) {
      dropOldest(window)
    }
    window.floorHi = hi
    window.floorLo = lo
  }
}

/** Bytes of the entries' array: 12 for each slot. */
export const byteLength = (window: TimelineWindow): number => window.words.byteLength
