/**
 * Requests are begun in company. Beside a few others each step of a request costs a front, and whom it asks, less than by itself: they
 * share messages, system calls and what the processor has in its caches. So what comes soon after others were begun
 * waits for the rest of the time; what comes to a quiet front, or after a quiet time, is begun at once. (As network cards hold back interrupts: Mogul and
 * Ramakrishnan, Eliminating Receive Livelock, 1997.)
 */

/** Begins each of what it is given, in order; `begin` must not throw. */
export type Gather = (begin: () => void) => void

/** Begun are they `millis` apart at least while it `isBusy`. */
export const make = (millis: number, isBusy: () => boolean): Gather => {
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
    // Whoever came first has set the timer.
    if (waiting.length > 1) return
    const left = isBusy() ? begunAt + millis - performance.now() : 0
    if (left <= 0) beginAll()
    else setTimeout(beginAll, left)
  }
}
