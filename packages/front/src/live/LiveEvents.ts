/**
 * The feeds of this front: one stream from each timeline shard in which it has people. A feed that ends is opened
 * again, and the shard is told again who is here: all from this front's own table.
 */
import * as Logs from "@rookery/observe/Logs"
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Effect, FiberMap, Schedule, type Scope, Stream } from "effect"
import type { ActorCalls } from "../ActorCalls.ts"
import type { ApiError } from "../http/Errors.ts"
import * as Dispatch from "./Dispatch.ts"
import * as People from "./People.ts"

export interface LiveEvents {
  /** Ends when the person's shard knows of them; fails when it cannot be told in time. */
  readonly connect: (person: People.Person) => Effect.Effect<void, ApiError>
  /** Tells the shard that the person has left, unless they are back already. */
  readonly disconnect: (person: People.Person) => Effect.Effect<void>
}

/** People told to their shard at once. */
const connectsAtOnce = 16

/** A feed that ended is opened again after a moment that differs from front to front. */
const reopening = Schedule.jittered(Schedule.spaced(150))

/** How often those are looked for whom their shard does not know of. */
const sweepMillis = 2_000

export const make = (
  calls: ActorCalls,
  frontId: string,
  dispatching: Dispatch.DispatchDeps
): Effect.Effect<LiveEvents, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { people } = dispatching
    const feeds = yield* FiberMap.make<number>()

    const tell = (person: People.Person): Effect.Effect<void, ApiError> =>
      Effect.tap(calls.connect(person.account.id, person.account.no, frontId), () =>
        Effect.sync(() => void (person.connected = true)))

    /** Those who cannot be told now are told by a later sweep. */
    const tellAll = (shard: number) =>
      Effect.suspend(() =>
        Effect.forEach(People.unconnected(people, shard), (person) => Effect.ignore(tell(person)), {
          concurrency: connectsAtOnce,
          discard: true
        })
      )

    const onChunk = (shard: number, chunk: Uint8Array) => {
      // An empty chunk opens a feed, also one that the cluster has moved to another runner by itself.
      if (chunk.byteLength === 0) {
        People.disconnectAll(people, shard)
        return Effect.asVoid(Effect.forkDetach(tellAll(shard)))
      }
      return Dispatch.dispatch(dispatching, EventBatch.decode(chunk)).pipe(
        Effect.catchCause((cause) => Effect.logWarning(Logs.names.streamDropped, cause))
      )
    }

    const feed = (shard: number) =>
      Effect.suspend(() => {
        People.disconnectAll(people, shard)
        return Stream.runForEach(calls.events(shard, frontId), (chunk) => onChunk(shard, chunk))
      }).pipe(
        Effect.exit,
        Effect.repeat(reopening)
      )

    const ensureFeed = (shard: number) => FiberMap.run(feeds, shard, feed(shard), { onlyIfMissing: true })

    yield* Effect.suspend(() =>
      Effect.forEach([...people.byShard.keys()], tellAll, { discard: true })
    ).pipe(Effect.repeat(Schedule.spaced(sweepMillis)), Effect.forkScoped)

    return {
      connect: (person) =>
        Effect.suspend(() => person.connected ? Effect.void : Effect.andThen(ensureFeed(person.account.shard), tell(person))),
      disconnect: ({ account }) =>
        Effect.suspend(() =>
          people.byNo.has(account.no) ? Effect.void : Effect.ignore(calls.disconnect(account.id, account.no, frontId)))
    }
  })
