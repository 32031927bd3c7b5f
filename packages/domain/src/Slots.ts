/**
 * Numbers for keys, from 0 on, so that what is known of a key can stand in an array. Those of keys that went are given again:
 * there are as many as there were keys at most.
 */
import * as IdIndex from "./IdIndex.ts"

export interface Slots<K> {
  /** The number of a key; -1 when it has none. */
  readonly get: (key: K) => number
  /** A number for a key that has none. */
  readonly take: (key: K) => number
  /** Takes a number that was given from its key. */
  readonly give: (slot: number) => void
  readonly clear: () => void
  readonly size: () => number
}

/** Which key has which number, both ways. */
interface Table<K> {
  readonly get: (key: K) => number
  readonly add: (key: K, slot: number) => void
  readonly remove: (slot: number) => void
  readonly clear: () => void
  readonly size: () => number
}

const make = <K>(table: Table<K>): Slots<K> => {
  let free: Array<number> = []
  let begun = 0
  return {
    get: table.get,
    take: (key) => {
      const slot = free.pop() ?? begun++
      table.add(key, slot)
      return slot
    },
    give: (slot) => {
      table.remove(slot)
      free.push(slot)
    },
    clear: () => {
      table.clear()
      free = []
      begun = 0
    },
    size: table.size
  }
}

/** For keys of any kind, told apart as a `Map` does. */
export const ofAny = <K>(): Slots<K> => {
  const slots = new Map<K, number>()
  let keys: Array<K | undefined> = []
  return make<K>({
    get: (key) => slots.get(key) ?? -1,
    add: (key, slot) => {
      slots.set(key, slot)
      keys[slot] = key
    },
    remove: (slot) => {
      slots.delete(keys[slot]!)
      keys[slot] = undefined
    },
    clear: () => {
      slots.clear()
      keys = []
    },
    size: () => slots.size
  })
}

const idsMin = 16

/** For ids, none of which is kept as an object. */
export const ofIds = (): Slots<bigint> => {
  const slots = IdIndex.make()
  let ids = new BigUint64Array(idsMin)
  const grow = (): void => {
    const old = ids
    ids = new BigUint64Array(old.length * 2)
    ids.set(old)
  }
  return make<bigint>({
    get: slots.get,
    add: (id, slot) => {
      if (slot === ids.length) grow()
      slots.set(id, slot)
      ids[slot] = id
    },
    remove: (slot) => slots.delete(ids[slot]!),
    clear: () => {
      slots.clear()
      ids = new BigUint64Array(idsMin)
    },
    size: slots.size
  })
}
