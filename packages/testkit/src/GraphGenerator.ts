/**
 * Follow graphs for benches, the same for the same seed. Accounts are indices from 0; the most followed come first.
 * Compressed rows: what account `i` follows stands at `starts[i]`…`starts[i + 1]` of `followees`.
 */
import { higgsFollowerCounts, higgsFollowers } from "./GraphShape.ts"
import * as Seeded from "./Seeded.ts"

export interface FollowGraph {
  readonly accounts: number
  readonly starts: Uint32Array
  readonly followees: Uint32Array
}

export interface CrowdOptions {
  readonly accounts: number
  /** Everybody follows a number of accounts drawn evenly between these. */
  readonly followsMin: number
  readonly followsMax: number
  readonly seed: number
}

/**
 * Flattens the Higgs curve: with 100 to 400 follows each, its head would be followed by everybody. At this
 * power six accounts of 20,000 have more than 10,000 followers.
 */
const headPower = 0.75

/** Running sums of the chance of each account to be followed. */
const chances = (accounts: number): Float64Array => {
  const sums = new Float64Array(accounts)
  let sum = 0
  for (let i = 0; i < accounts; i++) {
    sum += higgsFollowers(i + 1) ** headPower
    sums[i] = sum
  }
  return sums
}

/** The first index whose running sum is above `at`. */
const indexAt = (sums: Float64Array, at: number): number => {
  let from = 0
  let to = sums.length - 1
  while (from < to) {
    const middle = (from + to) >>> 1
    if (sums[middle]! <= at) from = middle + 1
    else to = middle
  }
  return from
}

/** People who follow each other, with a heavy head as in the Higgs graph. Nobody follows themselves or anybody twice. */
export const crowd = (options: CrowdOptions): FollowGraph => {
  const { accounts, followsMax, followsMin, seed } = options
  if (followsMax >= accounts / 2) throw new RangeError(`${accounts} accounts are too few to follow ${followsMax} each`)
  const random = Seeded.make(seed)
  const sums = chances(accounts)
  const total = sums[accounts - 1]!
  const starts = new Uint32Array(accounts + 1)
  const followees = new Uint32Array(accounts * followsMax)
  const taken = new Set<number>()
  let length = 0
  for (let account = 0; account < accounts; account++) {
    const wanted = followsMin + random.int(followsMax - followsMin + 1)
    taken.clear()
    taken.add(account)
    while (taken.size <= wanted) {
      const followee = indexAt(sums, random.next() * total)
      if (taken.has(followee)) continue
      taken.add(followee)
      followees[length++] = followee
    }
    starts[account + 1] = length
  }
  return { accounts, starts, followees: followees.slice(0, length) }
}

/**
 * Authors (the first indices) and readers (the rest) who follow authors only. The authors' follower counts are those
 * of the top of the Higgs graph with `mean` on average, over and over until `authors` have one.
 */
export const audience = (
  options: { readonly authors: number; readonly readers: number; readonly mean: number; readonly seed: number }
): FollowGraph => {
  const { authors, mean, readers, seed } = options
  const random = Seeded.make(seed)
  const shape = higgsFollowerCounts(mean)
  const offset = random.int(shape.length)
  const counts = Array.from({ length: authors }, (_, i) => Math.min(shape[(i * 97 + offset) % shape.length]!, readers >> 1))
  return invert(authors, readers, counts.map((count) => distinct(random, readers, count)))
}

/** An audience of one author each: author `i` is followed by the first `sizes[i]` readers. */
export const nested = (sizes: ReadonlyArray<number>, readers: number): FollowGraph =>
  invert(sizes.length, readers, sizes.map((size) => Uint32Array.from({ length: size }, (_, i) => i)))

/** Two graphs whose people do not know each other: the accounts of `second` come after those of `first`. */
export const beside = (first: FollowGraph, second: FollowGraph): FollowGraph => {
  const follows = first.followees.length
  const starts = Uint32Array.from([...first.starts, ...second.starts.subarray(1).map((start) => start + follows)])
  const followees = Uint32Array.from([...first.followees, ...second.followees.map((followee) => followee + first.accounts)])
  return { accounts: first.accounts + second.accounts, starts, followees }
}

/** `count` different numbers below `below`. */
const distinct = (random: Seeded.Seeded, below: number, count: number): Uint32Array => {
  const taken = new Set<number>()
  while (taken.size < count) taken.add(random.int(below))
  return Uint32Array.from(taken)
}

/** From each author's readers to each reader's authors. */
const invert = (authors: number, readers: number, followers: ReadonlyArray<Uint32Array>): FollowGraph => {
  const accounts = authors + readers
  const starts = new Uint32Array(accounts + 1)
  for (const list of followers) for (const reader of list) starts[authors + reader + 1]!++
  for (let i = 0; i < accounts; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice()
  const followees = new Uint32Array(starts[accounts]!)
  followers.forEach((list, author) => {
    for (const reader of list) followees[next[authors + reader]!++] = author
  })
  return { accounts, starts, followees }
}

/** Followers of each account. */
export const followerCounts = (graph: FollowGraph): Uint32Array => {
  const counts = new Uint32Array(graph.accounts)
  for (const followee of graph.followees) counts[followee]!++
  return counts
}
