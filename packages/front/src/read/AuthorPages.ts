/** Step one of reading an account's own timeline: ids from the database, for many readers in one query. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Coalescer from "@rookery/protocol/Coalescer"
import { StoreError } from "@rookery/store/StoreError"
import type { AuthorAsk, AuthorQuery, TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"

export interface AuthorPages {
  /** Newest first; shorter than `limit` only at the true end. */
  readonly page: (author: AccountId, query: AuthorQuery) => Effect.Effect<ReadonlyArray<PostId>, StoreError>
}

/** What comes meanwhile shares the next query. */
const inFlightMax = 1
const pagesMax = 64
const waitingMax = 4_096

/** Pages upwards are few: clients ask for them when they have seen the rest. They go by themselves. */
export const make = (timelines: TimelineStore["Service"]): Effect.Effect<AuthorPages> =>
  Effect.map(
    Coalescer.make<"pages", AuthorAsk, ReadonlyArray<PostId>, StoreError>({
      inFlightMax,
      batchMax: pagesMax,
      waitingMax,
      gather: true,
      full: () => new StoreError({ operation: "authorPages", cause: new Error("too many reads wait") }),
      send: (_, asks) => timelines.authorPages(asks)
    }),
    (pages) => ({
      page: (author, query) =>
        query.minId > 0n ? timelines.authorPage(author, query) : pages.request("pages", { author, query })
    })
  )
