/** Posts whose owner, in another datacenter, could not be asked for them just now: they are there, and to be asked for again soon. */

/** After this they are asked for again, in milliseconds; so many are remembered. */
export const laterMillis = 1_000
/** Longer than they are not asked for: who found one missing at the end of that time is still told why. */
const knownMillis = 2 * laterMillis
const absentMax = 4_096

export interface Absent {
  readonly has: (id: bigint) => boolean
  /** Of those that were `asked` for, `later` could not be had. */
  readonly note: (asked: ReadonlyArray<bigint>, later: ReadonlyArray<bigint>) => void
  /** A wrapper cannot be had for as long as what it wraps cannot. */
  readonly noteWrapper: (id: bigint, target: bigint) => void
}

/** The oldest goes when there are too many. */
const put = <V>(map: Map<bigint, V>, id: bigint, value: V): void => {
  map.delete(id)
  if (map.size >= absentMax) map.delete(map.keys().next().value!)
  map.set(id, value)
}

export const make = (now: () => number = () => performance.now()): Absent => {
  /** Until when each counts as one of them. */
  const until = new Map<bigint, number>()
  const wrappers = new Map<bigint, { readonly target: bigint; readonly until: number }>()
  const isOut = (id: bigint): boolean => (until.get(id) ?? 0) > now()
  const wrapsOne = (id: bigint): boolean => {
    const wrapper = wrappers.get(id)
    // One that was deleted is not noted again, and is soon gone from here.
    return wrapper !== undefined && wrapper.until > now() && isOut(wrapper.target)
  }
  return {
    has: (id) => isOut(id) || wrapsOne(id),
    note: (asked, later) => {
      for (const id of asked) until.delete(id)
      for (const id of later) put(until, id, now() + knownMillis)
    },
    noteWrapper: (id, target) => {
      if (isOut(target)) put(wrappers, id, { target, until: now() + knownMillis })
    }
  }
}
