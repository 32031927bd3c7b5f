/**
 * Joins many small writes into few: at most one write runs, and all that arrives meanwhile goes into
 * the next. Each caller gets its own item's result. The queue is bounded by its callers, who all wait;
 * `groupMax` bounds one write.
 */
import { Deferred, Effect, Exit, Queue, type Scope } from "effect"

export interface GroupCommit<A, B, E> {
  /** Ends when the write that holds `item` has ended. */
  readonly commit: (item: A) => Effect.Effect<B, E>
}

interface Entry<A, B, E> {
  readonly item: A
  readonly done: Deferred.Deferred<B, E>
}

/**
 * `write` answers one result for each item, in order. A write that fails fails the callers of its own group only.
 * The first item of a group waits `gatherMillis` for company: what a write costs by itself is then shared by more.
 */
export const make = <A, B, E>(
  write: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>,
  groupMax: number,
  gatherMillis = 0
): Effect.Effect<GroupCommit<A, B, E>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const queue = yield* Queue.unbounded<Entry<A, B, E>>()

    const writeGroup = (group: ReadonlyArray<Entry<A, B, E>>): Effect.Effect<void> =>
      Effect.suspend(() => write(group.map((entry) => entry.item))).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            group.forEach((entry, index) => {
              Deferred.doneUnsafe(entry.done, Exit.map(exit, (results) => results[index]!))
            })
          })
        ),
        Effect.exit,
        Effect.asVoid
      )

    const gather = gatherMillis === 0 ? Effect.void : Effect.andThen(Queue.peek(queue), Effect.sleep(gatherMillis))

    yield* gather.pipe(
      Effect.andThen(Queue.takeBetween(queue, 1, groupMax)),
      Effect.flatMap(writeGroup),
      Effect.forever,
      Effect.forkScoped
    )

    const commit = (item: A): Effect.Effect<B, E> =>
      Effect.suspend(() => {
        const done = Deferred.makeUnsafe<B, E>()
        Queue.offerUnsafe(queue, { item, done })
        return Deferred.await(done)
      })

    return { commit }
  })
