/**
 * Where pages that are asked for by how many to leave out begin: known from the page before, so that nothing is read
 * twice, and that what was posted meanwhile moves nothing. Forgotten after a minute, and beyond a bound the oldest first;
 * who is not known here begins at the top.
 */
export interface Positions {
  readonly get: (key: string) => bigint | undefined
  readonly set: (key: string, position: bigint) => void
}

const keptMillis = 60_000
const keysMax = 10_000

export const make = (now: () => number): Positions => {
  const known = new Map<string, { readonly position: bigint; readonly until: number }>()
  return {
    get: (key) => {
      const entry = known.get(key)
      return entry !== undefined && entry.until > now() ? entry.position : undefined
    },
    set: (key, position) => {
      known.delete(key)
      known.set(key, { position, until: now() + keptMillis })
      for (const oldest of known.keys()) {
        if (known.size <= keysMax) return
        known.delete(oldest)
      }
    }
  }
}
