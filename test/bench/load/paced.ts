/**
 * Begins work at times drawn by lot (Poisson) beforehand. What finds no free slot waits here, and its waiting counts: a
 * closed loop would begin less and call it fast (coordinated omission). `OpenLoop.ts` is the same for whole plans of
 * requests in a process of their own; here the caller is in the same process, since it also hears what comes of them.
 */
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"

export interface Pace {
  /** Per second. */
  readonly rate: number
  /** Only what was due after these counts. */
  readonly warmSeconds: number
  readonly seconds: number
  /** What may be under way at once. */
  readonly slots: number
  readonly seed: number
  /** Begins what was due at `at` (`performance.now()`); `done` frees the slot, once. Answers false when there is nothing left to begin. */
  readonly begin: (slot: number, at: number, done: () => void) => boolean
}

export interface Paced {
  /** When counting began and ended, by `performance.now()`. */
  readonly from: number
  readonly to: number
  /** Due between the two, whether it was begun or not. */
  readonly due: number
  /** Never begun: the queue was full, or the end came. */
  readonly unsent: number
}

/** Waiting at most, in seconds of the rate. */
const queueSecondsMax = 5
const drainMillis = 10_000
const tickMillis = 1

/** Due times in order; taken from the front without moving the rest each time. */
const makeQueue = (max: number) => {
  let due: Array<number> = []
  let head = 0
  return {
    waiting: () => due.length - head,
    put: (at: number): boolean => due.length - head < max && due.push(at) > 0,
    take: (): number => {
      const at = due[head++]!
      if (head > 4_096) {
        due = due.slice(head)
        head = 0
      }
      return at
    }
  }
}

const makeRun = (pace: Pace) => {
  const random = Seeded.make(pace.seed)
  const start = performance.now()
  const from = start + pace.warmSeconds * 1000
  const to = from + pace.seconds * 1000
  const queue = makeQueue(pace.rate * queueSecondsMax)
  const free = Array.from({ length: pace.slots }, (_, i) => pace.slots - 1 - i)
  let [next, due, refused, isOver] = [start, 0, 0, false]

  const enqueue = (now: number): void => {
    while (next <= now && next < to) {
      if (next >= from) due++
      if (!queue.put(next)) refused++
      next += (-Math.log(1 - random.next()) * 1000) / pace.rate
    }
  }
  const pump = (): void => {
    while (!isOver && free.length > 0 && queue.waiting() > 0) {
      const slot = free.pop()!
      const isBegun = pace.begin(slot, queue.take(), () => {
        free.push(slot)
        pump()
      })
      if (!isBegun) isOver = true
    }
  }
  return {
    /** True when all is done. */
    tick: (): boolean => {
      const now = performance.now()
      enqueue(now)
      pump()
      const isIdle = next >= to && queue.waiting() === 0 && free.length === pace.slots
      return isIdle || isOver || now > to + drainMillis
    },
    result: (): Paced => ({ from, to, due, unsent: queue.waiting() + refused })
  }
}

/** Ends when all that was due has ended, or nothing is left to begin, or ten seconds past the last. */
export const paced = (pace: Pace): Effect.Effect<Paced> =>
  Effect.callback((resume) => {
    const run = makeRun(pace)
    const timer = setInterval(() => {
      if (!run.tick()) return
      clearInterval(timer)
      resume(Effect.succeed(run.result()))
    }, tickMillis)
    return Effect.sync(() => clearInterval(timer))
  })

/** Less of what was due done in time than this, and the server does not follow. */
export const followsShare = 0.97
