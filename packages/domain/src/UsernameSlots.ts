/** Usernames hash to fixed slots, and each slot has one datacenter that decides who gets the name. */

/** Slots are numbered 0…1023, for the life of a world. */
export const slotCount = 1_024

/** Both inclusive. */
export interface Range {
  readonly first: number
  readonly last: number
}

/** The slot of a name in the form in which names are compared (NFKC, case-folded): FNV-1a over its UTF-8, folded. */
export const slotOf = (usernameKey: string): number => {
  let hash = 0x811c_9dc5
  for (const byte of new TextEncoder().encode(usernameKey)) hash = Math.imul(hash ^ byte, 0x0100_0193) >>> 0
  // The lowest bits of FNV mix least: the upper ones are folded in.
  return (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (slotCount - 1)
}

/** Even shares in order. More than `slotCount` datacenters cannot all have one. */
const split = (count: number): Array<Range> =>
  Array.from({ length: count }, (_, i) => ({
    first: Math.floor((i * slotCount) / count),
    last: Math.floor(((i + 1) * slotCount) / count) - 1
  }))

const rangesOf = (given: ReadonlyArray<ReadonlyArray<Range> | undefined>): ReadonlyArray<ReadonlyArray<Range>> =>
  given.every((ranges) => ranges === undefined)
    ? split(given.length).map((range) => [range])
    : given.map((ranges) => ranges ?? [])

/** For each slot the number of its datacenter, -1 where nobody has it (a topology that passes {@link problem} has no such slot). */
export const assign = (given: ReadonlyArray<ReadonlyArray<Range> | undefined>): Int16Array => {
  const slots = new Int16Array(slotCount).fill(-1)
  rangesOf(given).forEach((ranges, i) => {
    for (const { first, last } of ranges) slots.fill(i, first, last + 1)
  })
  return slots
}

/** Why the slots given to the datacenters, by their place, do not fit; undefined when each slot has exactly one. */
export const problem = (given: ReadonlyArray<ReadonlyArray<Range> | undefined>): string | undefined => {
  const owners = new Int16Array(slotCount)
  for (const { first, last } of rangesOf(given).flat()) {
    if (first > last) return `the first username slot of ${first}–${last} is above its last`
    for (let slot = first; slot <= last; slot++) owners[slot]!++
  }
  const twice = owners.findIndex((count) => count > 1)
  if (twice !== -1) return `the username slot ${twice} is given twice`
  const free = owners.indexOf(0)
  return free === -1 ? undefined : `the username slot ${free} is given to nobody`
}
