/**
 * Requests are begun in company. Beside a few others each step of a request costs a front, and whom it asks, less than by itself: they
 * share messages, system calls and what the processor has in its caches. So what comes soon after others were begun
 * waits for the rest of the time; what comes to a quiet front, or after a quiet time, is begun at once. (As network cards hold back interrupts: Mogul and
 * Ramakrishnan, Eliminating Receive Livelock, 1997.)
 */

/** With no more than this under way nobody waits for company: whoever asks one thing after the other is answered as fast as it goes. */
const quietMax = 4
/** With more than this they wait for the processor, and longest where each costs most of it. */
const fewMax = 16

/** How far apart requests are begun with so many under way, in milliseconds: as little as is not noticed, and enough that many come together. */
export const apartMillis = (underWay: number): number => {
  if (underWay <= quietMax) return 0
  return underWay <= fewMax ? 8 : 16
}

/** Begins each of what it is given, in order; `begin` must not throw. */
export type Gather = (begin: () => void) => void

/** Begun are they as many milliseconds apart at least as `apart` says when the first of them comes; 0 for at once. */
export const make = (apart: () => number): Gather => {
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
    const left = begunAt + apart() - performance.now()
    if (left <= 0) beginAll()
    else setTimeout(beginAll, left)
  }
}
