/**
 * Step one of a read: which posts. Pages of home timelines come from the timeline shards. Reads that memory can answer
 * share their messages with all others of the same runner; one that must wait there for a load goes to its shard by itself.
 */
import type { Entry, PageQuery } from "@rookery/domain/TimelinePage"
import * as Metrics from "@rookery/observe/Metrics"
import * as Coalescer from "@rookery/protocol/Coalescer"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { Effect } from "effect"
import type { ActorCalls } from "../ActorCalls.ts"
import { type ApiError, notFound, unavailable } from "../http/Errors.ts"
import type { Account } from "../oauth/Identity.ts"
import * as Routes from "./Routes.ts"

/** Messages under way to one runner: what comes meanwhile shares the next. It never waits there, so that one is enough. */
const memoryInFlightMax = 1
/** Messages under way to one shard; a second hides the way there and back. */
const inFlightMax = 2
const waitingMax = 4_096
/** An `unavailable` answer is asked for again, after a pause that doubles from 25 ms. */
const attemptsMax = 5

export interface Skeleton {
  /** Newest first; shorter than `limit` only at the true end. */
  readonly home: (reader: Account, query: PageQuery) => Effect.Effect<ReadonlyArray<Entry>, ApiError>
}

/** A read of memory, by whoever holds the shard. */
interface MemoryRead {
  readonly shard: number
  readonly request: PageBatch.PageRequest
}

const options = { inFlightMax, batchMax: PageBatch.requestsMax, waitingMax, gather: true, full: () => unavailable() } as const

export const make = (calls: ActorCalls): Effect.Effect<Skeleton> =>
  Effect.gen(function*() {
    const routes = Routes.make()
    const memory = yield* Coalescer.make<number, MemoryRead, PageBatch.PageAnswer, ApiError>({
      ...options,
      inFlightMax: memoryInFlightMax,
      send: (route, reads) => sendMemoryReads(calls, routes, route, reads)
    })
    const pages = yield* Coalescer.make<number, PageBatch.PageRequest, PageBatch.PageAnswer, ApiError>({
      ...options,
      send: (shard, requests) => sendBatch(calls, shard, requests)
    })
    const patiently = (reader: Account, request: PageBatch.PageRequest, attempt: number): Effect.Effect<ReadonlyArray<Entry>, ApiError> =>
      Effect.flatMap(pages.request(reader.shard, request), (answer) => {
        if (answer.status === PageBatch.statuses.ok) return Effect.succeed(answer.entries)
        if (answer.status === PageBatch.statuses.notFound) return Effect.fail(notFound())
        if (attempt >= attemptsMax) return Effect.fail(unavailable())
        return Effect.delay(patiently(reader, request, attempt + 1), 25 * 2 ** attempt)
      })
    return {
      home: (reader, query) => {
        const request = { ...query, reader: reader.id, readerNo: reader.no }
        return Effect.flatMap(memory.request(routes.of(reader.shard), { shard: reader.shard, request }), (answer) =>
          answer.status === PageBatch.statuses.ok ? Effect.succeed(answer.entries) : patiently(reader, request, 0))
      }
    }
  })

/** Throws for a broken answer. */
const decode = (bytes: Uint8Array, count: number): Array<PageBatch.PageAnswer> => {
  const answers = PageBatch.decodeAnswers(bytes)
  if (answers.length !== count) throw new Error(`${answers.length} pages for ${count} requests`)
  return answers
}

const sendBatch = (calls: ActorCalls, shard: number, requests: ReadonlyArray<PageBatch.PageRequest>) =>
  Effect.map(calls.readPages(shard, PageBatch.encodeRequests(requests)), (bytes) => decode(bytes, requests.length))

const elsewhere: PageBatch.PageAnswer = { status: PageBatch.statuses.elsewhere, entries: [] }

const sendMemoryReads = (calls: ActorCalls, routes: Routes.Routes, route: number, reads: ReadonlyArray<MemoryRead>) => {
  const address = routes.addressOf(route)
  // The route went while they waited.
  if (address === undefined) return Effect.succeed(reads.map(() => elsewhere))
  Metrics.readBatchSize.observe(reads.length)
  const shards = new Uint8Array(Uint32Array.from(reads, (read) => read.shard).buffer)
  const requests = PageBatch.encodeRequests(reads.map((read) => read.request))
  return calls.readMemory(address, shards, requests).pipe(
    Effect.tapError(() => Effect.sync(() => routes.lost(route))),
    Effect.map(({ answers: bytes, runner }) => {
      const answers = decode(bytes, reads.length)
      const isElsewhere = (_: MemoryRead, i: number) => answers[i]!.status === PageBatch.statuses.elsewhere
      const shardsWhere = (holds: (read: MemoryRead, i: number) => boolean) => reads.filter(holds).map((read) => read.shard)
      routes.learn({
        runner,
        shard: address,
        held: shardsWhere((read, i) => !isElsewhere(read, i)),
        elsewhere: shardsWhere(isElsewhere)
      })
      return answers
    })
  )
}
