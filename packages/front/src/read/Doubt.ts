/**
 * What a cache keeps may be out of date when a process ended that was to say that it changed. It is not dropped, which would ask the database for all
 * of it at once, at the worst of times: each entry is loaded anew when it is asked for after a time of its own.
 */
import * as Limits from "@rookery/domain/Limits"

/** What the process had begun may be committed for so long yet, in milliseconds, and what is being loaded then lands within as long again. */
const commitMillis = 2 * Limits.transactionMillisMax
/** In so many milliseconds after that all is loaded anew, if it is asked for. */
const spreadMillis = 60_000

/** Times are milliseconds of one clock. */
export interface Doubt {
  readonly raise: (now: number) => void
  /** Whether an entry that is good until `until` is not to be used any more. */
  readonly isOver: (until: number, now: number) => boolean
}

/** `millis` is how long entries are good. However often it is raised, what is in doubt now is loaded anew within two and a half minutes. */
export const make = (millis: number): Doubt => {
  /** What was loaded before these is in doubt. The first one's minute goes by before the last one's, which later ends put off, begins. */
  let first = Number.NEGATIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  // Entries were loaded at any time, so the ends of their lives are spread evenly.
  const isOverBy = (since: number, until: number, now: number): boolean => until - millis <= since && now - since >= until % spreadMillis
  return {
    raise: (now) => {
      if (now >= first + spreadMillis) first = last
      last = now + commitMillis
      if (now >= first + spreadMillis) first = last
    },
    isOver: (until, now) => isOverBy(last, until, now) || isOverBy(first, until, now)
  }
}
