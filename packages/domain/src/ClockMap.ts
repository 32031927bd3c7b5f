/**
 * A map bounded by bytes and by age. What was not used since the hand of the clock last passed goes first. Entries
 * stand in slots that are used again, so that making room costs a few steps: a `Map` walked from its oldest
 * key skips all that was deleted before it, which made a full cache the front's dearest part.
 */
import * as Slots from "./Slots.ts"

export interface ClockMap<K, V> {
  /** The slot of a value, which counts as used now; -1 for none, since `undefined` may be what is known. Good until the map is changed. */
  readonly find: (key: K, now: number) => number
  readonly valueAt: (slot: number) => V
  readonly untilAt: (slot: number) => number
  /** Replaces what was there; `until` is in milliseconds of the clock that `find` is asked by. */
  readonly set: (key: K, value: V, bytes: number, until: number) => void
  readonly delete: (key: K) => void
  readonly deleteWhere: (matches: (value: V) => boolean) => void
  readonly clear: () => void
  readonly bytes: () => number
  readonly size: () => number
}

/** Of a slot: nobody stands in it, or somebody who was not, or was, used since the hand passed. */
const marks = { free: 0, unused: 1, used: 2 } as const

const slotsMin = 16

/** `slots`, of its own, number the keys. What is known by slot stands in columns: an object for each would be the collector's to look at. */
export const make = <K, V>(bytesMax: number, slots: Slots.Slots<K> = Slots.ofAny()): ClockMap<K, V> => {
  let values: Array<V | undefined> = []
  let mark = new Uint8Array(slotsMin)
  let until = new Float64Array(slotsMin)
  let size = new Float64Array(slotsMin)
  let hand = 0
  let bytes = 0

  const grow = (): void => {
    const old = { mark, until, size }
    mark = new Uint8Array(mark.length * 2)
    until = new Float64Array(mark.length)
    size = new Float64Array(mark.length)
    mark.set(old.mark)
    until.set(old.until)
    size.set(old.size)
  }
  const remove = (slot: number): void => {
    slots.give(slot)
    values[slot] = undefined
    mark[slot] = marks.free
    bytes -= size[slot]!
  }
  /** Ends within two turns: the first leaves nothing used. */
  const makeRoom = (needed: number): void => {
    const isFull = () => bytes + needed > bytesMax && slots.size() > 0
    while (isFull()) {
      if (mark[hand] === marks.used) mark[hand] = marks.unused
      else if (mark[hand] === marks.unused) remove(hand)
      hand = hand + 1 < values.length ? hand + 1 : 0
    }
  }
  const drop = (key: K): void => {
    const slot = slots.get(key)
    if (slot !== -1) remove(slot)
  }

  return {
    find: (key, now) => {
      const slot = slots.get(key)
      if (slot === -1 || until[slot]! <= now) return -1
      mark[slot] = marks.used
      return slot
    },
    valueAt: (slot) => values[slot]!,
    untilAt: (slot) => until[slot]!,
    set: (key, value, itsBytes, itsUntil) => {
      drop(key)
      if (itsBytes > bytesMax) return
      makeRoom(itsBytes)
      const slot = slots.take(key)
      if (slot === mark.length) grow()
      values[slot] = value
      mark[slot] = marks.unused
      until[slot] = itsUntil
      size[slot] = itsBytes
      bytes += itsBytes
    },
    delete: drop,
    deleteWhere: (matches) =>
      values.forEach((value, slot) => {
        if (mark[slot] !== marks.free && matches(value!)) remove(slot)
      }),
    clear: () => {
      slots.clear()
      values = []
      mark = new Uint8Array(slotsMin)
      until = new Float64Array(slotsMin)
      size = new Float64Array(slotsMin)
      hand = 0
      bytes = 0
    },
    bytes: () => bytes,
    size: slots.size
  }
}
