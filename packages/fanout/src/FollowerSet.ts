/**
 * An author's followers in this datacenter: local numbers, ascending, grouped by timeline shard.
 *
 * The arrays are replaced, never changed in place: a delivery that waits in a lane keeps the one it was given.
 */
import type { FollowerRow } from "@rookery/store/AuthorStore"

export interface FollowerSet {
  readonly byShard: Map<number, Uint32Array>
  count: number
}

export const empty = (): FollowerSet => ({ byShard: new Map(), count: 0 })

export const fromRows = (rows: ReadonlyArray<FollowerRow>): FollowerSet => {
  const sizes = new Map<number, number>()
  for (const row of rows) sizes.set(row.shard, (sizes.get(row.shard) ?? 0) + 1)
  const byShard = new Map<number, Uint32Array>()
  for (const [shard, size] of sizes) byShard.set(shard, new Uint32Array(size))
  const filled = new Map<number, number>()
  for (const row of rows) {
    const at = filled.get(row.shard) ?? 0
    byShard.get(row.shard)![at] = row.followerNo
    filled.set(row.shard, at + 1)
  }
  for (const numbers of byShard.values()) numbers.sort()
  return { byShard, count: rows.length }
}

/** Index of the first number that is not below `no`. */
export const lowerBound = (numbers: Uint32Array, no: number): number => {
  let from = 0
  let to = numbers.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (numbers[middle]! < no) from = middle + 1
    else to = middle
  }
  return from
}

/** Adds a follower; false when it was there. */
export const add = (set: FollowerSet, shard: number, no: number): boolean => {
  const numbers = set.byShard.get(shard) ?? new Uint32Array(0)
  const at = lowerBound(numbers, no)
  if (numbers[at] === no) return false
  const next = new Uint32Array(numbers.length + 1)
  next.set(numbers.subarray(0, at))
  next[at] = no
  next.set(numbers.subarray(at), at + 1)
  set.byShard.set(shard, next)
  set.count++
  return true
}

/** Takes a follower out; false when it was not there. */
export const remove = (set: FollowerSet, shard: number, no: number): boolean => {
  const numbers = set.byShard.get(shard)
  if (numbers === undefined) return false
  const at = lowerBound(numbers, no)
  if (numbers[at] !== no) return false
  const next = new Uint32Array(numbers.length - 1)
  next.set(numbers.subarray(0, at))
  next.set(numbers.subarray(at + 1), at)
  if (next.length === 0) set.byShard.delete(shard)
  else set.byShard.set(shard, next)
  set.count--
  return true
}

/** Bytes of the numbers held. */
export const byteLength = (set: FollowerSet): number => {
  let bytes = 0
  for (const numbers of set.byShard.values()) bytes += numbers.byteLength
  return bytes
}
