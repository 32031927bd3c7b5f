/**
 * What a cache keeps may be out of date when a process ended that was to say that it changed. It is not dropped, which would ask the database for all
 * of it at once, at the worst of times: each entry is loaded anew when it is asked for after a time of its own.
 */
import * as Limits from "@rookery/domain/Limits"

/** What the process had begun may be committed for so long yet, in milliseconds: what is loaded meanwhile is in doubt too. */
const commitMillis = Limits.transactionMillisMax
/** In so many milliseconds after that all is loaded anew, if it is asked for. */
const spreadMillis = 60_000

/** Times are milliseconds of one clock. */
export interface Doubt {
  readonly raise: (now: number) => void
  /** Whether an entry that is good until `until` is not to be used any more. */
  readonly isOver: (until: number, now: number) => boolean
}

/** `millis` is how long entries are good; when it is raised again before all were loaded, the time of the rest begins anew. */
export const make = (millis: number): Doubt => {
  let since = Number.NEGATIVE_INFINITY
  return {
    raise: (now) => {
      since = now + commitMillis
    },
    // Entries were loaded at any time, so the ends of their lives are spread evenly.
    isOver: (until, now) => until - millis <= since && now - since >= until % spreadMillis
  }
}
