/**
 * Which timeline shards live together, as their runners say with every answer, so that reads of people of many shards
 * can share a message. What is known here may be old: whoever is asked for a shard that it does not hold says so.
 */

export interface Routes {
  /** Reads of shards with the same route may share a message. */
  readonly of: (shard: number) => number
  /** The shard to which the messages of a route are sent; undefined when it has none any more. */
  readonly addressOf: (route: number) => number | undefined
  /** `runner` answered at the address `shard`, as the holder of that one, of `held`, and not of `elsewhere`. */
  readonly learn: (answer: {
    readonly runner: number
    readonly shard: number
    readonly held: Iterable<number>
    readonly elsewhere: Iterable<number>
  }) => void
  /** A message of this route failed: its shards are spoken to each by itself until one of them answers. */
  readonly lost: (route: number) => void
}

/** Routes are the numbers of runners; that of a shard of which nothing is known is its own number, below zero. */
export const make = (): Routes => {
  const runnerOf = new Map<number, number>()
  /** The shard through which each runner is spoken to. */
  const doors = new Map<number, number>()

  const put = (shard: number, runner: number): void => {
    const before = runnerOf.get(shard)
    if (before === runner) return
    runnerOf.set(shard, runner)
    // Whoever lost its door is found anew, through any shard of which it is heard.
    if (before !== undefined && doors.get(before) === shard) doors.delete(before)
  }
  const forget = (shard: number): void => {
    const before = runnerOf.get(shard)
    runnerOf.delete(shard)
    if (before !== undefined && doors.get(before) === shard) doors.delete(before)
  }

  return {
    of: (shard) => {
      const runner = runnerOf.get(shard)
      return runner !== undefined && doors.has(runner) ? runner : -shard
    },
    addressOf: (route) => route < 0 ? -route : doors.get(route),
    lost: (route) => void doors.delete(route),
    learn: ({ elsewhere, held, runner, shard }) => {
      put(shard, runner)
      for (const other of held) put(other, runner)
      for (const other of elsewhere) forget(other)
      if (!doors.has(runner)) doors.set(runner, shard)
    }
  }
}
