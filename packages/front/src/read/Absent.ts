/** Posts whose owner, in another datacenter, could not be asked for them just now: they are there, and to be asked for again soon. */

/** After this they are asked for again, in milliseconds; so many are remembered. */
export const laterMillis = 1_000
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
  /** Until when each is not asked for again. */
  const until = new Map<bigint, number>()
  const wrapped = new Map<bigint, bigint>()
  const isOut = (id: bigint | undefined): boolean => id !== undefined && (until.get(id) ?? 0) > now()
  return {
    has: (id) => isOut(id) || isOut(wrapped.get(id)),
    note: (asked, later) => {
      for (const id of asked) until.delete(id)
      for (const id of later) put(until, id, now() + laterMillis)
    },
    noteWrapper: (id, target) => {
      if (isOut(target)) put(wrapped, id, target)
    }
  }
}
