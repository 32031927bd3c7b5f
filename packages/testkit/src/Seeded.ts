/**
 * Random numbers that a seed repeats (mulberry32). Tests draw every choice from one of these, so that a failure's
 * seed is all one needs to see it again.
 */

export interface Seeded {
  readonly seed: number
  /** In [0, 1). */
  readonly next: () => number
  /** An integer in [0, `below`). */
  readonly int: (below: number) => number
  readonly chance: (share: number) => boolean
  /** One of `items`, which must not be empty. */
  readonly pick: <A>(items: ReadonlyArray<A>) => A
  /** One of the keys of `weights`, as often as its share of their sum. */
  readonly weighted: <K extends string>(weights: Readonly<Record<K, number>>) => K
  /** A generator of its own, so that what one part draws does not shift another's numbers. */
  readonly fork: () => Seeded
}

const step = 0x6d2b79f5

/** `seed` is taken modulo 2^32. */
export const make = (seed: number): Seeded => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + step) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (below: number): number => Math.floor(next() * below)
  return {
    seed: seed >>> 0,
    next,
    int,
    chance: (share) => next() < share,
    pick: (items) => items[int(items.length)]!,
    weighted: (weights) => pickWeighted(weights, next()),
    fork: () => make(int(0x1_0000_0000))
  }
}

const pickWeighted = <K extends string>(weights: Readonly<Record<K, number>>, at: number): K => {
  const keys = Object.keys(weights) as Array<K>
  let left = at * keys.reduce((sum, key) => sum + weights[key], 0)
  for (const key of keys) {
    left -= weights[key]
    if (left < 0) return key
  }
  return keys[keys.length - 1]!
}

/** The same items in any order. */
export const shuffled = <A>(random: Seeded, items: ReadonlyArray<A>): Array<A> => {
  const all = [...items]
  for (let n = all.length - 1; n > 0; n--) {
    const other = random.int(n + 1)
    const moved = all[n]!
    all[n] = all[other]!
    all[other] = moved
  }
  return all
}
