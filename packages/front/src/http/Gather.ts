/**
 * Requests are begun in company. Beside a few others each step of a request costs a front, and whom it asks, less than by itself: they
 * share messages, system calls and what the processor has in its caches. So what comes soon after others were begun
 * waits for the rest of the time; what comes after a quiet time is begun at once. (As network cards hold back interrupts: Mogul and
 * Ramakrishnan, Eliminating Receive Livelock, 1997.)
 */

/** Begins each of what it is given, in order; `begin` must not throw. */
export type Gather = (begin: () => void) => void

/** As long as this is between two beginnings at least, in milliseconds. */
export const make = (millis: number): Gather => {
  let waiting: Array<() => void> = []
  let begunAt = Number.NEGATIVE_INFINITY

  const beginAll = (): void => {
    const all = waiting
    waiting = []
    begunAt = performance.now()
    for (const begin of all) begin()
  }
  return (begin) => {
    waiting.push(begin)
    if (waiting.length > 1) return
    const left = begunAt + millis - performance.now()
    if (left <= 0) beginAll()
    else setTimeout(beginAll, left)
  }
}
