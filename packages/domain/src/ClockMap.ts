/**
 * A map bounded by bytes and by age. What was not used since the hand of the clock last passed goes first. Entries
 * stand in slots that are used again, so that making room costs a few steps: a `Map` walked from its oldest
 * key skips all that was deleted before it, which made a full cache the front's dearest part.
 */
import * as Slots from "./Slots.ts"

export interface ClockMap<K, V> {
  /** The value, which counts as used now. */
  readonly get: (key: K, now: number) => Found<V> | undefined
  /** Replaces what was there; `until` is in milliseconds of the clock that `get` is asked by. */
  readonly set: (key: K, value: V, bytes: number, until: number) => void
  readonly delete: (key: K) => void
  readonly deleteWhere: (matches: (value: V) => boolean) => void
  readonly clear: () => void
  readonly bytes: () => number
  readonly size: () => number
}

/** Wrapped, since `undefined` may be what is known. */
export interface Found<V> {
  readonly value: V
  readonly until: number
}

interface Entry<V> extends Found<V> {
  readonly bytes: number
  used: boolean
}

/** `slots`, of its own, number the keys. */
export const make = <K, V>(bytesMax: number, slots: Slots.Slots<K> = Slots.ofAny()): ClockMap<K, V> => {
  let entries: Array<Entry<V> | undefined> = []
  let hand = 0
  let bytes = 0

  const remove = (slot: number, entry: Entry<V>): void => {
    slots.give(slot)
    entries[slot] = undefined
    bytes -= entry.bytes
  }
  /** Ends within two turns: the first leaves nothing used. */
  const makeRoom = (needed: number): void => {
    const isFull = () => bytes + needed > bytesMax && slots.size() > 0
    while (isFull()) {
      const entry = entries[hand]
      if (entry !== undefined) {
        if (entry.used) entry.used = false
        else remove(hand, entry)
      }
      hand = hand + 1 < entries.length ? hand + 1 : 0
    }
  }
  const drop = (key: K): void => {
    const slot = slots.get(key)
    if (slot !== -1) remove(slot, entries[slot]!)
  }

  return {
    get: (key, now) => {
      const slot = slots.get(key)
      if (slot === -1) return undefined
      const entry = entries[slot]!
      if (entry.until <= now) return undefined
      entry.used = true
      return entry
    },
    set: (key, value, size, until) => {
      drop(key)
      if (size > bytesMax) return
      makeRoom(size)
      entries[slots.take(key)] = { value, bytes: size, until, used: false }
      bytes += size
    },
    delete: drop,
    deleteWhere: (matches) => {
      entries.forEach((entry, slot) => {
        if (entry !== undefined && matches(entry.value)) remove(slot, entry)
      })
    },
    clear: () => {
      slots.clear()
      entries = []
      hand = 0
      bytes = 0
    },
    bytes: () => bytes,
    size: slots.size
  }
}
