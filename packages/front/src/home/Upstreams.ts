/** The fronts of one other datacenter: which of them is asked next, and for how long one that failed is left alone. */

export interface Upstream {
  /** Without a slash at the end. */
  readonly url: string
  /** In a row. */
  failures: number
  slow: number
  /** By `performance.now()`: until then it is asked by nobody. */
  restsUntil: number
}

export interface Upstreams {
  /** In turn, none of `tried`; undefined when none is worth asking now. One that rested is tried by one request first. */
  readonly pick: (tried: ReadonlySet<Upstream>) => Upstream | undefined
  readonly answered: (upstream: Upstream) => void
  /** It could not be reached, or its connection broke. */
  readonly failed: (upstream: Upstream) => void
  /** It was reached, and did not answer in time: several in a row mean that it is gone, one that something takes long. */
  readonly timedOut: (upstream: Upstream) => void
  /** Whole seconds until one of them is tried again; at least 1. */
  readonly retryAfter: () => number
}

const restMillis = 250
const restMillisMax = 8_000
const slowMax = 3

export const make = (urls: ReadonlyArray<string>, trialMillis: number, now: () => number = () => performance.now()): Upstreams => {
  const all = urls.map((url): Upstream => ({ url, failures: 0, slow: 0, restsUntil: 0 }))
  let turn = 0

  const rest = (upstream: Upstream): void => {
    upstream.restsUntil = now() + Math.min(restMillisMax, restMillis * 2 ** Math.min(upstream.failures, 10))
    upstream.failures++
  }

  return {
    pick: (tried) => {
      const time = now()
      for (let i = 0; i < all.length; i++) {
        const upstream = all[(turn + i) % all.length]!
        if (tried.has(upstream) || upstream.restsUntil > time) continue
        turn = (turn + i + 1) % all.length
        // The others wait for what becomes of this trial.
        if (upstream.failures > 0) upstream.restsUntil = time + trialMillis
        return upstream
      }
      return undefined
    },
    answered: (upstream) => {
      upstream.failures = 0
      upstream.slow = 0
      upstream.restsUntil = 0
    },
    failed: rest,
    timedOut: (upstream) => {
      if (upstream.failures > 0 || ++upstream.slow >= slowMax) rest(upstream)
    },
    retryAfter: () => Math.max(1, Math.ceil((Math.min(...all.map(({ restsUntil }) => restsUntil)) - now()) / 1_000))
  }
}
