/**
 * The newest entries of one timeline, or of one pulled author (a ring): unique by id, in the order
 * of ids, at most `capacityMax` of them, in a circular piece of a typed array, 12 bytes an entry.
 *
 * The **floor** is the promise: every entitled post whose id is at or above it is here. Eviction
 * raises it, nothing is inserted below it, removal leaves it. Floor 0 means that all there is, is here.
 *
 * Mutable, synchronous and owned by one actor. Ids are pairs of 32-bit words (`hi`, `lo`).
 */
import * as WindowSlab from "./WindowSlab.ts"

const stride = 3

/** The first room of a window, which doubles up to the step, and then grows by it: at most 384 bytes are not used. */
const entriesMin = 8
const entriesStep = 32

/** What an insertion needs comes first, and so stands in one or two lines of the processor's caches. */
export interface TimelineWindow {
  /** From `base` on `lo`, `hi`, author for each entry; the entry of rank r (0 is the oldest) is in slot `(head + r) % slots`. */
  words: Uint32Array
  base: number
  slots: number
  head: number
  length: number
  floorHi: number
  /** With a sign (see `floorLo`): of a number from 2³¹ on V8 makes an object, which is one more thing to fetch and to collect. */
  floorLoSigned: number
  readonly capacityMax: number
  chunk: WindowSlab.Chunk | undefined
  /** Where its room is cut out of; an array of its own without one. */
  readonly slab: WindowSlab.Slab | undefined
}

const noWords = new Uint32Array(0)

/** An empty window. Whoever names a slab releases it at its end. */
export const make = (capacityMax: number, slab?: WindowSlab.Slab): TimelineWindow => ({
  words: noWords,
  base: 0,
  slots: 0,
  head: 0,
  length: 0,
  floorHi: 0,
  floorLoSigned: 0,
  capacityMax,
  chunk: undefined,
  slab
})

/** The lower word of the floor, 0 to 2³² − 1. */
export const floorLo = (window: TimelineWindow): number => window.floorLoSigned >>> 0

const offset = (window: TimelineWindow, rank: number): number => {
  const slot = window.head + rank
  return window.base + (slot >= window.slots ? slot - window.slots : slot) * stride
}

export const loAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank)]!
export const hiAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank) + 1]!
export const authorAt = (window: TimelineWindow, rank: number): number => window.words[offset(window, rank) + 2]!

/** Whether an id is above all that are held. */
const isAboveAll = (window: TimelineWindow, hi: number, lo: number): boolean => {
  if (window.length === 0) return true
  const newest = offset(window, window.length - 1)
  const newestHi = window.words[newest + 1]!
  return newestHi < hi || (newestHi === hi && window.words[newest]! < lo)
}

/** Entries with an id below (`hi`, `lo`): the rank at which that id is, or belongs. */
export const rankOf = (window: TimelineWindow, hi: number, lo: number): number => {
  // New posts come last, as a rule. A search misses the processor's caches with nearly each step.
  if (isAboveAll(window, hi, lo)) return window.length
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
  hi < window.floorHi || (hi === window.floorHi && lo < floorLo(window))

const isAt = (window: TimelineWindow, rank: number, hi: number, lo: number): boolean =>
  rank < window.length && loAt(window, rank) === lo && hiAt(window, rank) === hi

export const has = (window: TimelineWindow, hi: number, lo: number): boolean =>
  isAt(window, rankOf(window, hi, lo), hi, lo)

/** Copies the entries, oldest first. */
const copyTo = ({ base, head, length, slots, words }: TimelineWindow, to: Uint32Array, at: number): void => {
  const firstPart = Math.min(length, slots - head)
  to.set(words.subarray(base + head * stride, base + (head + firstPart) * stride), at)
  to.set(words.subarray(base, base + (length - firstPart) * stride), at + firstPart * stride)
}

const giveRoom = ({ base, chunk, slab }: TimelineWindow): void => {
  if (slab !== undefined && chunk !== undefined) WindowSlab.give(slab, chunk, base)
}

const moveTo = (window: TimelineWindow, slots: number): void => {
  const { slab } = window
  const chunk = slab && WindowSlab.chunkFor(slab, slots * stride)
  const words = chunk?.words ?? new Uint32Array(slots * stride)
  const base = slab === undefined || chunk === undefined ? 0 : WindowSlab.take(slab, chunk)
  copyTo(window, words, base)
  giveRoom(window)
  window.chunk = chunk
  window.words = words
  window.base = base
  window.slots = slots
  window.head = 0
}

/** Slots for so many entries. */
const slotsFor = (capacityMax: number, entries: number): number => {
  let slots = entriesMin
  while (slots < entries) slots = slots < entriesStep ? slots * 2 : Math.ceil(entries / entriesStep) * entriesStep
  return Math.min(capacityMax, slots)
}

/** Makes room for so many entries at once. */
export const reserve = (window: TimelineWindow, entries: number): void => {
  const slots = slotsFor(window.capacityMax, entries)
  if (slots > window.slots) moveTo(window, slots)
}

/** The highest floor that there is: of a window that promises nothing. As an id it is the largest that Postgres knows. */
const floorMax = { hi: 0x7fff_ffff, lo: 0xffff_ffff }

/** Ends the window and gives its room back. Whoever still has it finds nothing in it, and nothing promised. */
export const release = (window: TimelineWindow): void => {
  giveRoom(window)
  window.chunk = undefined
  window.words = noWords
  window.base = 0
  window.slots = 0
  window.head = 0
  window.length = 0
  window.floorHi = floorMax.hi
  window.floorLoSigned = floorMax.lo | 0
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
  window.floorLoSigned = (lo + 1) | 0
  window.floorHi = window.floorLoSigned === 0 ? hi + 1 : hi
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
  } else if (window.length === window.slots) reserve(window, window.length + 1)
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

/** Takes the entries of every author out who is not to be kept; returns how many there were. The floor stays. */
export const keepAuthors = (window: TimelineWindow, isKept: (author: number) => boolean): number => {
  let kept = 0
  for (let rank = 0; rank < window.length; rank++) {
    if (!isKept(authorAt(window, rank))) continue
    if (kept !== rank) move(window, rank, kept)
    kept++
  }
  const removed = window.length - kept
  window.length = kept
  return removed
}

/** Takes every entry of `author` out; returns how many there were. */
export const removeAuthor = (window: TimelineWindow, author: number): number =>
  keepAuthors(window, (other) => other !== author)

/** Raises the floor to (`hi`, `lo`) and drops what lies below; a lower floor changes nothing. */
export const raiseFloor = (window: TimelineWindow, hi: number, lo: number): void => {
  if (!isBelowFloor(window, hi, lo) && (hi !== window.floorHi || lo !== floorLo(window))) {
    while (window.length > 0 && (hiAt(window, 0) < hi || (hiAt(window, 0) === hi && loAt(window, 0) < lo))) {
      dropOldest(window)
    }
    window.floorHi = hi
    window.floorLoSigned = lo | 0
  }
}

/** Bytes of the window's room: 12 for each slot. */
export const byteLength = (window: TimelineWindow): number => window.slots * stride * 4
