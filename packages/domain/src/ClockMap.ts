/**
 * A map bounded by bytes and by age. What was not used since the hand of the clock last passed goes first. Entries
 * stand in slots that are used again, so that making room costs a few steps: a `Map` walked from its oldest
 * key skips all that was deleted before it, which made a full cache the front's dearest part.
 */

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

interface Entry<K, V> extends Found<V> {
  readonly key: K
  readonly bytes: number
  readonly slot: number
  used: boolean
}

export const make = <K, V>(bytesMax: number): ClockMap<K, V> => {
  const entries = new Map<K, Entry<K, V>>()
  let slots: Array<Entry<K, V> | undefined> = []
  let free: Array<number> = []
  let hand = 0
  let bytes = 0

  const remove = (entry: Entry<K, V>): void => {
    entries.delete(entry.key)
    slots[entry.slot] = undefined
    free.push(entry.slot)
    bytes -= entry.bytes
  }
  /** Ends within two turns: the first leaves nothing used. */
  const makeRoom = (needed: number): void => {
    const isFull = () => bytes + needed > bytesMax && entries.size > 0
    while (isFull()) {
      const entry = slots[hand]
      if (entry !== undefined) {
        if (entry.used) entry.used = false
        else remove(entry)
      }
      hand = hand + 1 < slots.length ? hand + 1 : 0
    }
  }
  const drop = (key: K): void => {
    const entry = entries.get(key)
    if (entry !== undefined) remove(entry)
  }

  return {
    get: (key, now) => {
      const entry = entries.get(key)
      if (entry === undefined || entry.until <= now) return undefined
      entry.used = true
      return entry
    },
    set: (key, value, size, until) => {
      drop(key)
      if (size > bytesMax) return
      makeRoom(size)
      const slot = free.pop() ?? slots.length
      const entry: Entry<K, V> = { key, value, bytes: size, until, slot, used: false }
      slots[slot] = entry
      entries.set(key, entry)
      bytes += size
    },
    delete: drop,
    deleteWhere: (matches) => {
      for (const entry of entries.values()) if (matches(entry.value)) remove(entry)
    },
    clear: () => {
      entries.clear()
      slots = []
      free = []
      hand = 0
      bytes = 0
    },
    bytes: () => bytes,
    size: () => entries.size
  }
}
