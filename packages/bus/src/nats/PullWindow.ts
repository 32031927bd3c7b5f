/**
 * How many messages are asked of another datacenter, and when: the way there and back must never be waited for, and no more may be
 * on its way than is worked through before it counts as lost. Messages are small in quiet times and large after outages, so
 * the window follows their size. Times are milliseconds of a monotonic clock.
 */
import { inFlightMax } from "../linkBounds.ts"

/** How long the server holds a request. */
export const holdMillis = 3_000
/** A request that is older counts no more when it is asked whether enough is on order: the next one is there before it runs out. */
const renewMillis = holdMillis / 2

/** Bytes that may be on their way, some 20,000 announcements; and the least number of messages, however large they are. */
const inFlightBytes = 512 * 1_024
const windowMin = 32

/** What a message is taken for before the first came, and how fast the mean forgets. */
const firstMean = 8 * 1_024
const share = 1 / 8

interface Request {
  left: number
  readonly at: number
}

export interface PullWindow {
  /** Requests that the server should still be holding, oldest first. */
  requests: Array<Request>
  meanBytes: number
}

export const make = (): PullWindow => ({ requests: [], meanBytes: firstMean })

const sizeOf = ({ meanBytes }: PullWindow): number =>
  Math.min(inFlightMax, Math.max(windowMin, Math.floor(inFlightBytes / Math.max(1, meanBytes))))

/** How many messages to ask for now, `waiting` being those that came and were not taken; 0 for none. The caller asks for them. */
export const order = (window: PullWindow, now: number, waiting: number): number => {
  window.requests = window.requests.filter(({ at, left }) => left > 0 && at + holdMillis > now)
  const size = sizeOf(window)
  let ordered = 0
  let fresh = 0
  for (const { at, left } of window.requests) {
    ordered += left
    if (at + renewMillis > now) fresh += left
  }
  const batch = Math.min(Math.floor(size / 2), size - ordered - waiting)
  if (fresh > size / 4 || batch < size / 8) return 0
  window.requests.push({ left: batch, at: now })
  return batch
}

export const arrived = (window: PullWindow, bytes: number): void => {
  window.meanBytes += (bytes - window.meanBytes) * share
  const oldest = window.requests[0]
  if (oldest !== undefined && --oldest.left <= 0) window.requests.shift()
}

/** The server said that a request ran out, or, of whatever is in its way, that none is held. */
export const ended = (window: PullWindow, isOver: boolean): void => {
  window.requests = isOver ? window.requests.slice(1) : []
}
