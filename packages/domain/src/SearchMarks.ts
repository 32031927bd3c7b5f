/**
 * What a post is found by beside its words: marks, which stand among the words of its search row and begin with a sign that
 * no word has. Marks of time say when a post was written, roughly, in three sizes; with them an index that has no
 * order is read from the newest to the oldest in slices, however common a word is.
 */

export const author = (id: bigint): string => `:u${id}`
export const language = (code: string): string => `:l${code.toLowerCase()}`
export const tag = (key: string): string => `#${key}`
export const mention = (name: string): string => `@${name.toLowerCase()}`
export const link = ":link"
export const media = ":media"
export const reply = ":reply"
export const sensitive = ":sensitive"

/**
 * Sizes of time as shifts of an id (Snowflake.ts has milliseconds above bit 22): 4.4 minutes, 4.7 hours, 12.4
 * days. Each is 64 of the one before.
 */
const sizes = [
  { sign: ":a", shift: 40n },
  { sign: ":b", shift: 46n },
  { sign: ":c", shift: 52n }
] as const

/** The marks of time of an id. */
export const timesOf = (id: bigint): ReadonlyArray<string> => sizes.map(({ shift, sign }) => `${sign}${id >> shift}`)

/** Part of the way through time: posts between `above` and `below`, both exclusive, all of which have one of `times`. */
export interface Slice {
  readonly above: bigint
  readonly below: bigint
  readonly times: ReadonlyArray<string>
}

/** How much of which size is searched at once, one step after the other; the last is repeated. */
const steps = sizes.flatMap(({ shift, sign }, i) =>
  (i < sizes.length - 1 ? [1n, 4n, 16n] : [1n, 4n, 16n, 64n]).map((count) => ({ shift, sign, count })))

const range = (sign: string, first: bigint, last: bigint): ReadonlyArray<string> =>
  Array.from({ length: Number(last - first) + 1 }, (_, i) => `${sign}${first + BigInt(i)}`)

const larger = (a: bigint, b: bigint): bigint => a > b ? a : b
const smaller = (a: bigint, b: bigint): bigint => a < b ? a : b

/** From right under `below` down to `above`, in slices that grow. */
export function* downwards(above: bigint, below: bigint): Generator<Slice> {
  let top = below
  for (let i = 0; top - 1n > above; i++) {
    const { count, shift, sign } = steps[Math.min(i, steps.length - 1)]!
    const last = (top - 1n) >> shift
    const first = larger(0n, last - count + 1n)
    const floor = larger(above, (first << shift) - 1n)
    yield { above: floor, below: top, times: range(sign, first, last) }
    top = floor + 1n
  }
}

/** From right over `above` up to `below`. */
export function* upwards(above: bigint, below: bigint): Generator<Slice> {
  let bottom = above
  for (let i = 0; bottom + 1n < below; i++) {
    const { count, shift, sign } = steps[Math.min(i, steps.length - 1)]!
    const first = (bottom + 1n) >> shift
    const last = first + count - 1n
    const ceiling = smaller(below, (last + 1n) << shift)
    yield { above: bottom, below: ceiling, times: range(sign, first, last) }
    bottom = ceiling - 1n
  }
}
