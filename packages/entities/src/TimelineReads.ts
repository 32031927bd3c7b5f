/**
 * Pages of home timelines: at once from memory where everything is there, after loads where not, and on
 * from the database below the highest floor.
 */
import { AccountId } from "@rookery/domain/Ids"
import * as TimelinePage from "@rookery/domain/TimelinePage"
import { pagesFromDatabase, pagesFromMemory, windowHits } from "@rookery/observe/Metrics"
import * as PageBatch from "@rookery/protocol/PageBatch"
import type { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as Residency from "./Residency.ts"
import * as Resident from "./ResidentWindow.ts"
import type { Runner } from "./Runner.ts"
import type { ShardWindows } from "./ShardWindows.ts"

type Home = TimelineStore["Service"]["homePage"]

/** Loads of windows and rings, and pages from the database, that one message may wait for at once. */
const slowReadsMax = 64

/** A window that is dropped while it loads is asked for again, this often. */
const abandonedMax = 3

/** The page as memory has it, or undefined when a ring must be read first. */
const fromMemory = (
  runner: Runner,
  resident: Resident.ResidentWindow,
  request: PageBatch.PageRequest
): TimelinePage.MemoryPage | undefined => {
  const sources = [resident.window]
  for (const pulled of Resident.pulledOf(resident, runner.pulled)) {
    if (!PulledAuthors.isReady(pulled)) return undefined
    if (runner.now() - pulled.readAt > runner.settings.ringMaxAgeMillis && pulled.loading === undefined) {
      runner.runFork(Effect.ignore(PulledAuthors.refresh(runner.pulled, pulled)))
    }
    sources.push(pulled.ring!)
  }
  return TimelinePage.read(sources, request)
}

const loadRings = (runner: Runner, resident: Resident.ResidentWindow): Effect.Effect<void, unknown> =>
  Effect.forEach(
    Resident.pulledOf(resident, runner.pulled).filter((pulled) => pulled.ring === undefined),
    (pulled) => PulledAuthors.refresh(runner.pulled, pulled),
    { concurrency: "unbounded", discard: true }
  )

/** What memory left open, from the database: below the floor, or (for `minId` below it) the whole page. */
const completeFrom = (home: Home, request: PageBatch.PageRequest, page: TimelinePage.MemoryPage) => {
  const last = page.entries.at(-1)
  const below = request.minId > 0n ? request.maxId : last?.id ?? lowest(request.maxId, page.floor)
  pagesFromDatabase.value++
  return Effect.map(
    home(AccountId.make(request.reader), {
      maxId: below,
      sinceId: request.sinceId,
      minId: request.minId,
      limit: request.limit - page.entries.length
    }),
    (rest): ReadonlyArray<TimelinePage.Entry> => [...page.entries, ...rest]
  )
}

const lowest = (maxId: bigint | undefined, floor: bigint): bigint =>
  maxId === undefined || floor < maxId ? floor : maxId

const ok = (entries: ReadonlyArray<TimelinePage.Entry>): PageBatch.PageAnswer => ({
  status: PageBatch.statuses.ok,
  entries
})

/** The slow way: loads what is missing, then reads. */
const readSlowly = (
  runner: Runner,
  shard: ShardWindows,
  home: Home,
  request: PageBatch.PageRequest
): Effect.Effect<PageBatch.PageAnswer, unknown> =>
  Effect.gen(function*() {
    const resident = Residency.touch(runner, shard, request.readerNo, request.reader)
    yield* Residency.ready(resident)
    yield* loadRings(runner, resident)
    const page = fromMemory(runner, resident, request)
    if (page === undefined) return yield* Effect.fail(new Residency.LoadAbandoned())
    return ok(page.complete ? page.entries : yield* completeFrom(home, request, page))
  })

const isAbandoned = (error: unknown): boolean => error instanceof Residency.LoadAbandoned

const statusOf = (error: unknown): PageBatch.PageStatus =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "NotFound"
    ? PageBatch.statuses.notFound
    : PageBatch.statuses.unavailable

const answerSlowly = (runner: Runner, shard: ShardWindows, home: Home, request: PageBatch.PageRequest) =>
  readSlowly(runner, shard, home, request).pipe(
    Effect.retry({ while: isAbandoned, times: abandonedMax }),
    Effect.catch((error) =>
      Effect.as(Effect.logDebug("a home timeline could not be read", error), {
        status: statusOf(error),
        entries: []
      })
    )
  )

const readAtOnce = (
  runner: Runner,
  shard: ShardWindows,
  request: PageBatch.PageRequest
): PageBatch.PageAnswer | undefined => {
  const resident = shard.byNo.get(request.readerNo)
  if (resident === undefined || resident.loading !== undefined || Residency.isOutdated(runner, resident)) return undefined
  windowHits.value++
  resident.lastReadAt = runner.now()
  const page = fromMemory(runner, resident, request)
  if (page === undefined || !page.complete) return undefined
  pagesFromMemory.value++
  return ok(page.entries)
}

/** Answers many reads, in order; those that memory holds cost no Effect. */
export const readBatch = (
  runner: Runner,
  shard: ShardWindows,
  home: Home,
  requests: ReadonlyArray<PageBatch.PageRequest>
): Effect.Effect<ReadonlyArray<PageBatch.PageAnswer>> =>
  Effect.suspend(() => {
    const answers = requests.map((request) => readAtOnce(runner, shard, request))
    if (!answers.includes(undefined)) return Effect.succeed(answers as Array<PageBatch.PageAnswer>)
    return Effect.forEach(
      requests,
      (request, index) => {
        const answer = answers[index]
        return answer === undefined ? answerSlowly(runner, shard, home, request) : Effect.succeed(answer)
      },
      { concurrency: slowReadsMax }
    )
  })

const elsewhere: PageBatch.PageAnswer = { status: PageBatch.statuses.elsewhere, entries: [] }
const notInMemory: PageBatch.PageAnswer = { status: PageBatch.statuses.notInMemory, entries: [] }

/** Answers reads of people of any shards here, in order, from memory alone: what must wait would hold up all the others. */
export const readMemory = (
  runner: Runner,
  shards: Uint32Array,
  requests: ReadonlyArray<PageBatch.PageRequest>
): Array<PageBatch.PageAnswer> =>
  requests.map((request, i) => {
    const shard = runner.shards.get(shards[i]!)
    return shard === undefined ? elsewhere : readAtOnce(runner, shard, request) ?? notInMemory
  })
