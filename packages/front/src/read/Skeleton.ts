/**
 * Step one of a read: which posts. Pages of home timelines come from the timeline shards; what waits for one
 * shard travels in one message.
 */
import type { Entry, PageQuery } from "@rookery/domain/TimelinePage"
import * as Metrics from "@rookery/observe/Metrics"
import * as Coalescer from "@rookery/protocol/Coalescer"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Effect } from "effect"
import type { ActorCalls } from "../ActorCalls.ts"
import { type ApiError, notFound, unavailable } from "../http/Errors.ts"
import type { Account } from "../oauth/Identity.ts"

/** Messages under way to one shard; a second hides the way there and back. */
const inFlightMax = 2
const waitingMax = 4_096
/** An `unavailable` answer is asked for again, after a pause that doubles from 25 ms. */
const attemptsMax = 5

export interface Skeleton {
  /** Newest first; shorter than `limit` only at the true end. */
  readonly home: (reader: Account, query: PageQuery) => Effect.Effect<ReadonlyArray<Entry>, ApiError>
}

export const make = (calls: ActorCalls): Effect.Effect<Skeleton> =>
  Effect.map(
    Coalescer.make<number, PageBatch.PageRequest, PageBatch.PageAnswer, ApiError>({
      inFlightMax,
      batchMax: PageBatch.requestsMax,
      waitingMax,
      gather: true,
      full: () => unavailable(),
      send: (shard, requests) => sendBatch(calls, shard, requests)
    }),
    (pages) => {
      const ask = (reader: Account, request: PageBatch.PageRequest, attempt: number): Effect.Effect<ReadonlyArray<Entry>, ApiError> =>
        Effect.flatMap(pages.request(reader.shard, request), (answer) => {
          if (answer.status === PageBatch.statuses.ok) return Effect.succeed(answer.entries)
          if (answer.status === PageBatch.statuses.notFound) return Effect.fail(notFound())
          if (attempt >= attemptsMax) return Effect.fail(unavailable())
          return Effect.delay(ask(reader, request, attempt + 1), 25 * 2 ** attempt)
        })
      return { home: (reader, query) => ask(reader, { ...query, reader: reader.id, readerNo: reader.no }, 0) }
    }
  )

const sendBatch = (calls: ActorCalls, shard: number, requests: ReadonlyArray<PageBatch.PageRequest>) => {
  Metrics.readBatchSize.observe(requests.length)
  return Effect.flatMap(calls.readPages(shard, PageBatch.encodeRequests(requests)), (bytes) => {
    const answers = PageBatch.decodeAnswers(bytes)
    return answers.length === requests.length
      ? Effect.succeed(answers)
      : Effect.die(new Error(`${answers.length} pages for ${requests.length} requests`))
  })
}
