/**
 * An author's followers in this datacenter: local numbers, ascending, grouped by timeline shard.
 *
 * All numbers stand in one array, since an array for each of 127 shards would cost more than what is in it: most
 * authors have few followers in each. Changes wait beside it and are merged in when the set is used, or when
 * there are many. The array is replaced, never changed in place: a delivery that waits in a lane keeps its part.
 */
export interface FollowerSet {
  /** All numbers, by shard and then ascending. */
  numbers: Uint32Array
  /** The shards that have followers, ascending, and where in `numbers` each one's part ends. */
  shards: Uint16Array
  ends: Uint32Array
  /** What is not merged in yet: by number the shard, or, for one that is gone, the shard negative. */
  readonly changes: Map<number, number>
  count: number
}

/** One shard's followers. */
type ShardFollowers = readonly [shard: number, numbers: Uint32Array]

/** A merge copies the whole set, so that a crowd's arrival must not merge for each one. */
const changesMax = 1_024

export const empty = (): FollowerSet => ({
  numbers: new Uint32Array(0),
  shards: new Uint16Array(0),
  ends: new Uint32Array(0),
  changes: new Map(),
  count: 0
})

/** Replaces what `set` holds by `parts`, which are ascending by shard; empty ones are left out. */
const pack = (set: FollowerSet, parts: ReadonlyArray<ShardFollowers>): void => {
  const filled = parts.filter(([, numbers]) => numbers.length > 0)
  const total = filled.reduce((sum, [, numbers]) => sum + numbers.length, 0)
  const numbers = new Uint32Array(total)
  const ends = new Uint32Array(filled.length)
  let at = 0
  filled.forEach(([, part], i) => {
    numbers.set(part, at)
    at += part.length
    ends[i] = at
  })
  set.numbers = numbers
  set.ends = ends
  set.shards = Uint16Array.from(filled, ([shard]) => shard)
  set.count = total
}

/** From each shard's numbers, in any order. */
const sorted = (byShard: ReadonlyMap<number, Iterable<number>>): Array<ShardFollowers> =>
  [...byShard].sort(([a], [b]) => a - b).map(([shard, numbers]) => [shard, Uint32Array.from(numbers).sort()] as const)

const numbersPerShard = 2 ** 32

/** From the followers' numbers and shards, side by side, in any order. One sort of all costs less than one for each shard. */
export const from = (followers: Uint32Array, shardsOfThem: Uint16Array): FollowerSet => {
  const keys = Float64Array.from(followers, (no, i) => shardsOfThem[i]! * numbersPerShard + no).sort()
  const numbers = new Uint32Array(keys.length)
  const shards: Array<number> = []
  const ends: Array<number> = []
  keys.forEach((key, i) => {
    const shard = Math.floor(key / numbersPerShard)
    numbers[i] = key - shard * numbersPerShard
    if (shards.at(-1) === shard) ends[ends.length - 1] = i + 1
    else {
      shards.push(shard)
      ends.push(i + 1)
    }
  })
  return { numbers, shards: Uint16Array.from(shards), ends: Uint32Array.from(ends), changes: new Map(), count: keys.length }
}

const partAt = (set: FollowerSet, i: number): Uint32Array =>
  set.numbers.subarray(i === 0 ? 0 : set.ends[i - 1]!, set.ends[i])

const merge = (set: FollowerSet): void => {
  const byShard = new Map<number, Iterable<number>>()
  for (let i = 0; i < set.shards.length; i++) byShard.set(set.shards[i]!, partAt(set, i))
  const touched = new Map<number, Set<number>>()
  const membersOf = (shard: number): Set<number> => {
    const members = touched.get(shard) ?? new Set(byShard.get(shard) ?? [])
    touched.set(shard, members)
    return members
  }
  for (const [no, change] of set.changes) {
    if (change > 0) membersOf(change).add(no)
    else membersOf(-change).delete(no)
  }
  for (const [shard, members] of touched) byShard.set(shard, members)
  set.changes.clear()
  pack(set, sorted(byShard))
}

/** Visits each shard that has followers, ascending; they are `numbers[from…to)`. */
export const forEachShard = (
  set: FollowerSet,
  visit: (shard: number, numbers: Uint32Array, from: number, to: number) => void
): void => {
  if (set.changes.size > 0) merge(set)
  const { ends, numbers, shards } = set
  for (let i = 0; i < shards.length; i++) visit(shards[i]!, numbers, i === 0 ? 0 : ends[i - 1]!, ends[i]!)
}

/** The shards that have followers, ascending. */
export const shardsOf = (set: FollowerSet): ReadonlyArray<number> => {
  if (set.changes.size > 0) merge(set)
  return Array.from(set.shards)
}

const holds = (set: FollowerSet, shard: number, no: number): boolean => {
  const change = set.changes.get(no)
  if (change !== undefined) return change > 0
  const part = set.shards.indexOf(shard)
  if (part === -1) return false
  const numbers = partAt(set, part)
  return numbers[lowerBound(numbers, no)] === no
}

/** Index of the first number that is not below `no`. */
const lowerBound = (numbers: Uint32Array, no: number): number => {
  let from = 0
  let to = numbers.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if (numbers[middle]! < no) from = middle + 1
    else to = middle
  }
  return from
}

const change = (set: FollowerSet, no: number, to: number): void => {
  set.changes.set(no, to)
  set.count += Math.sign(to)
  if (set.changes.size > changesMax) merge(set)
}

/** Adds a follower; false when it was there. */
export const add = (set: FollowerSet, shard: number, no: number): boolean => {
  if (holds(set, shard, no)) return false
  change(set, no, shard)
  return true
}

/** Takes a follower out; false when it was not there. */
export const remove = (set: FollowerSet, shard: number, no: number): boolean => {
  if (!holds(set, shard, no)) return false
  change(set, no, -shard)
  return true
}

/** Bytes of what is held. */
export const byteLength = (set: FollowerSet): number =>
  set.numbers.byteLength + set.shards.byteLength + set.ends.byteLength
