/**
 * Contents of posts that others own: from the copies, else from the owner, who is asked once for each however many wait. What
 * the owner cannot say now is `later`, at once where it is known to be out of reach.
 */
import type { Content } from "@rookery/domain/Content"
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import * as Asks from "@rookery/protocol/Asks"
import * as Coalescer from "@rookery/protocol/Coalescer"
import * as Contents from "@rookery/protocol/Contents"
import type { Copy } from "@rookery/store/CopyStore"
import { Deferred, Effect } from "effect"
import type { After } from "./After.ts"
import * as Asking from "./Asking.ts"
import { nameOf, type World } from "./World.ts"

export type Fetched = Copy | "later"

export interface Fetcher {
  /** In the order of the wants. Never fails, and never takes longer than a question may. */
  readonly fetch: (origin: number, wants: ReadonlyArray<Contents.Want>) => Effect.Effect<ReadonlyArray<Fetched>>
}

const askMillis = 3_000
/** After a question without an answer none is asked for so long, in milliseconds: the link may be cut and not be known to be. */
const doubtMillis = 2_000
const questionsAtOnce = 4
const waitingMax = 5_000

/** Whether what is known is no older than what the asker knows of the post. */
const isEnough = (copy: Copy | undefined, want: Contents.Want): copy is Copy =>
  copy !== undefined && (copy === "missing" || copy.version >= want.version)

const ask = (world: World, origin: number, wants: ReadonlyArray<Contents.Want>) =>
  world.links.ask(nameOf(world, origin), Asks.names.content, Contents.encodeWants(wants), askMillis).pipe(
    Effect.flatMap((data) =>
      Effect.try({ try: () => Contents.decodeTold(world.datacenters, origin, data), catch: (error) => error }))
  )

/** Announcements that never came, edits and ends that are still to come: what the owner said of them holds at once. */
const applyTold = (world: World, after: After, origin: number, told: ReturnType<typeof Contents.decodeTold>["facts"]) =>
  Effect.gen(function*() {
    if (told._tag === "Refused") return yield* Effect.logWarning(`${nameOf(world, origin)} said what it may not: ${told.reason}`)
    if (told.facts.length === 0) return
    const applied = yield* world.gossip.apply(origin, told.facts, true)
    // Their author is shown when their profile is there.
    if (applied.missing.length > 0) yield* Effect.ignore(Asking.accounts(world, after, applied.missing))
    yield* after.applied(told.facts, applied)
  })

const keep = ({ copies, settings }: World, contents: ReadonlyArray<Content>, missing: ReadonlyArray<PostId>) => {
  const oldest = Date.now() - settings.copyAgeMillis
  const young = contents.filter(({ id }) => Snowflake.millisOf(id) >= oldest)
  return Effect.andThen(copies.put(young), missing.length > 0 ? copies.putMissing(missing) : Effect.void)
}

interface Told {
  readonly contents: ReadonlyMap<PostId, Content>
  /** The owner has none of them. */
  readonly missing: ReadonlyArray<PostId>
  /** They did not fit. */
  readonly later: ReadonlySet<PostId>
}

/** Asks for all of them in one question, `Contents.wantsMax` at most. What was not known of them, or changed, is applied before they are answered. */
export const askOwner = (world: World, after: After, origin: number, wants: ReadonlyArray<Contents.Want>): Effect.Effect<Told, unknown> =>
  Effect.gen(function*() {
    const { answer, facts } = yield* ask(world, origin, wants)
    const later = new Set(answer.later)
    // What was not asked for may be another's to say.
    const wanted = new Set(wants.map(({ id }) => id))
    const contents = new Map(answer.contents.flatMap((content) => wanted.has(content.id) ? [[content.id, content] as const] : []))
    const missing = [...wanted].filter((id) => !contents.has(id) && !later.has(id))
    yield* applyTold(world, after, origin, facts)
    const count = (result: string, n: number) => void (Metrics.contentAsked.at(nameOf(world, origin), result).value += n)
    count("told", contents.size)
    count("missing", missing.length)
    return { contents, missing, later }
  })

/** The same, and what is told is kept. */
const askAll = (world: World, after: After, origin: number, wants: ReadonlyArray<Contents.Want>) =>
  Effect.gen(function*() {
    const { contents, later, missing } = yield* askOwner(world, after, origin, wants)
    // What cannot be kept is asked for again.
    yield* Effect.catch(keep(world, [...contents.values()], missing), (error) => Effect.logDebug("contents were not kept", error))
    return wants.map(({ id }): Fetched => contents.get(id) ?? (later.has(id) ? "later" : "missing"))
  })

const makeSend = (world: World, after: After) => {
  const doubted = new Map<number, number>()
  const allLater = (wants: ReadonlyArray<Contents.Want>): ReadonlyArray<Fetched> => wants.map(() => "later")
  const askOrNot = (origin: number, wants: ReadonlyArray<Contents.Want>): Effect.Effect<ReadonlyArray<Fetched>> => {
    if ((doubted.get(origin) ?? 0) > performance.now()) return Effect.succeed(allLater(wants))
    return Effect.catch(askAll(world, after, origin, wants), (error) =>
      Effect.sync(() => {
        Metrics.contentAsked.at(nameOf(world, origin), "later").value += wants.length
        doubted.set(origin, performance.now() + doubtMillis)
        return allLater(wants)
      }).pipe(Effect.tap(Effect.logDebug(`contents of ${nameOf(world, origin)} are left for later`, error))))
  }
  return (origin: number, wants: ReadonlyArray<Contents.Want>): Effect.Effect<ReadonlyArray<Fetched>> =>
    Effect.gen(function*() {
      const known = yield* Effect.catch(world.copies.get(wants.map(({ id }) => id)), () => Effect.succeed(new Map<PostId, Copy>()))
      const rest = wants.filter((want) => !isEnough(known.get(want.id), want))
      const told = rest.length === 0 ? [] : yield* askOrNot(origin, rest)
      const byId = new Map(rest.map(({ id }, i) => [id, told[i]!]))
      return wants.map(({ id }) => byId.get(id) ?? known.get(id)!)
    })
}

interface Pending {
  readonly version: number
  readonly result: Deferred.Deferred<Fetched>
}

export const make = (world: World, after: After): Effect.Effect<Fetcher> =>
  Effect.gen(function*() {
    const questions = yield* Coalescer.make<number, Contents.Want, Fetched, "full">({
      inFlightMax: questionsAtOnce,
      batchMax: Contents.wantsMax,
      waitingMax,
      gather: true,
      full: () => "full",
      send: makeSend(world, after)
    })
    const pending = new Map<PostId, Pending>()
    const begin = (origin: number, want: Contents.Want): Effect.Effect<Fetched> => {
      const own: Pending = { version: want.version, result: Deferred.makeUnsafe() }
      pending.set(want.id, own)
      const end = (fetched: Fetched) =>
        Effect.sync(() => {
          if (pending.get(want.id) === own) pending.delete(want.id)
          Deferred.doneUnsafe(own.result, Effect.succeed(fetched))
        })
      // Others wait for it: it goes on when who began it has gone.
      const run = Effect.flatMap(Effect.catch(questions.request(origin, want), () => Effect.succeed<Fetched>("later")), end)
      return Effect.andThen(Effect.forkDetach(run), Deferred.await(own.result))
    }
    const one = (origin: number) => (want: Contents.Want): Effect.Effect<Fetched> =>
      Effect.suspend(() => {
        const known = pending.get(want.id)
        return known !== undefined && known.version >= want.version ? Deferred.await(known.result) : begin(origin, want)
      })
    return { fetch: (origin, wants) => Effect.forEach(wants, one(origin), { concurrency: "unbounded" }) }
  })
