/**
 * An author's followers in this datacenter: local numbers, ascending, grouped by timeline shard.
 *
 * All stand in one array, since each more would cost some 200 bytes of objects and native memory too, and one for each of 127
 * shards more than what is in it. Changes wait beside it and are merged in when the set is used, or when there are many. The array is replaced, never changed in place: a delivery that waits in a lane keeps its part.
 */
export interface FollowerSet {
  /**
   * All numbers, by shard and then ascending; after them two words for each shard that has followers: the shard, ascending, and where
   * among the numbers its part ends.
   */
  words: Uint32Array
  /** Shards that have followers. */
  shards: number
  /** What is not merged in yet: by number the shard, or, for one that is gone, the shard negative. Undefined when there is nothing. */
  changes: Map<number, number> | undefined
  count: number
}

/** One shard's followers. */
type ShardFollowers = readonly [shard: number, numbers: Uint32Array]

/** A merge copies the whole set, so that a crowd's arrival must not merge for each one. */
const changesMax = 1_024

export const empty = (): FollowerSet => ({ words: new Uint32Array(0), shards: 0, changes: undefined, count: 0 })

/** Where the words of shard `i` begin; for the first, how many numbers there are. */
const indexAt = ({ shards, words }: FollowerSet, i: number): number => words.length - 2 * (shards - i)

const shardAt = (set: FollowerSet, i: number): number => set.words[indexAt(set, i)]!

const endAt = (set: FollowerSet, i: number): number => i < 0 ? 0 : set.words[indexAt(set, i) + 1]!

/** Replaces what `set` holds by `parts`, which are ascending by shard; empty ones are left out. */
const pack = (set: FollowerSet, parts: ReadonlyArray<ShardFollowers>): void => {
  const filled = parts.filter(([, numbers]) => numbers.length > 0)
  const total = filled.reduce((sum, [, numbers]) => sum + numbers.length, 0)
  const words = new Uint32Array(total + 2 * filled.length)
  let end = 0
  filled.forEach(([shard, numbers], i) => {
    words.set(numbers, end)
    end += numbers.length
    words[total + 2 * i] = shard
    words[total + 2 * i + 1] = end
  })
  set.words = words
  set.shards = filled.length
  set.count = total
}

/** From each shard's numbers, in any order. */
const sorted = (byShard: ReadonlyMap<number, Iterable<number>>): Array<ShardFollowers> =>
  [...byShard].sort(([a], [b]) => a - b).map(([shard, numbers]) => [shard, Uint32Array.from(numbers).sort()] as const)

const numbersPerShard = 2 ** 32

/** From the followers' numbers and shards, side by side, in any order. One sort of all costs less than one for each shard. */
export const from = (followers: Uint32Array, shardsOfThem: Uint16Array): FollowerSet => {
  const keys = Float64Array.from(followers, (no, i) => shardsOfThem[i]! * numbersPerShard + no).sort()
  const index: Array<number> = []
  keys.forEach((key, i) => {
    const shard = Math.floor(key / numbersPerShard)
    if (index.at(-2) !== shard) index.push(shard, i)
    index[index.length - 1] = i + 1
  })
  const words = new Uint32Array(keys.length + index.length)
  keys.forEach((key, i) => {
    words[i] = key % numbersPerShard
  })
  words.set(index, keys.length)
  return { words, shards: index.length / 2, changes: undefined, count: keys.length }
}

const partAt = (set: FollowerSet, i: number): Uint32Array => set.words.subarray(endAt(set, i - 1), endAt(set, i))

const merge = (set: FollowerSet, changes: ReadonlyMap<number, number>): void => {
  const byShard = new Map<number, Iterable<number>>()
  for (let i = 0; i < set.shards; i++) byShard.set(shardAt(set, i), partAt(set, i))
  const touched = new Map<number, Set<number>>()
  const membersOf = (shard: number): Set<number> => {
    const members = touched.get(shard) ?? new Set(byShard.get(shard) ?? [])
    touched.set(shard, members)
    return members
  }
  for (const [no, change] of changes) {
    if (change > 0) membersOf(change).add(no)
    else membersOf(-change).delete(no)
  }
  for (const [shard, members] of touched) byShard.set(shard, members)
  set.changes = undefined
  pack(set, sorted(byShard))
}

/** Visits each shard that has followers, ascending; they are `numbers[from…to)`. */
export const forEachShard = (
  set: FollowerSet,
  visit: (shard: number, numbers: Uint32Array, from: number, to: number) => void
): void => {
  if (set.changes !== undefined) merge(set, set.changes)
  for (let i = 0; i < set.shards; i++) visit(shardAt(set, i), set.words, endAt(set, i - 1), endAt(set, i))
}

/** The shards that have followers, ascending. */
export const shardsOf = (set: FollowerSet): ReadonlyArray<number> => {
  if (set.changes !== undefined) merge(set, set.changes)
  return Array.from({ length: set.shards }, (_, i) => shardAt(set, i))
}

const holds = (set: FollowerSet, shard: number, no: number): boolean => {
  const change = set.changes?.get(no)
  if (change !== undefined) return change > 0
  for (let i = 0; i < set.shards; i++) {
    if (shardAt(set, i) !== shard) continue
    const numbers = partAt(set, i)
    return numbers[lowerBound(numbers, no)] === no
  }
  return false
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
  set.changes ??= new Map()
  set.changes.set(no, to)
  set.count += Math.sign(to)
  if (set.changes.size > changesMax) merge(set, set.changes)
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

/** Bytes of what is held, without the object around it and what is not merged in yet. */
export const byteLength = (set: FollowerSet): number => set.words.byteLength
