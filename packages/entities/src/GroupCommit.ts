/**
 * Joins many small writes into few: at most one write runs, and all that arrives meanwhile goes into
 * the next. Each caller gets its own item's result. Nothing waits here whose caller does not: what one gives up before its write began
 * is not written, so that as many wait as callers do. `groupMax` bounds one write.
 */
import { Deferred, Effect, Exit, Latch, type Scope } from "effect"

export interface GroupCommit<A, B, E> {
  /** Ends when the write that holds `item` has ended. */
  readonly commit: (item: A) => Effect.Effect<B, E>
}

interface Entry<A, B, E> {
  readonly item: A
  readonly done: Deferred.Deferred<B, E>
  /** `left` is given up by its caller, `taken` is in a write. */
  state: "waiting" | "left" | "taken"
}

/** Entries in the order of their coming. */
const makeWaiting = <T extends { state: "waiting" | "left" | "taken" }>() => {
  let entries: Array<T> = []
  let left = 0
  return {
    put: (entry: T): void => void entries.push(entry),
    isEmpty: (): boolean => entries.length === left,
    /** A write that began goes on. */
    leave: (entry: T): void => {
      if (entry.state !== "waiting") return
      entry.state = "left"
      // Half of them at least go each time: each that leaves costs two looks, however many they are.
      if (++left * 2 <= entries.length) return
      entries = entries.filter(({ state }) => state === "waiting")
      left = 0
    },
    /** The first that wait, `max` at most. */
    take: (max: number): Array<T> => {
      const taken: Array<T> = []
      let at = 0
      for (; at < entries.length && taken.length < max; at++) {
        const entry = entries[at]!
        if (entry.state === "left") left--
        else taken.push(entry)
        if (entry.state === "waiting") entry.state = "taken"
      }
      entries = entries.slice(at)
      return taken
    }
  }
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
    const waiting = makeWaiting<Entry<A, B, E>>()
    const arrived = Latch.makeUnsafe()

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

    const writeNext = Effect.suspend(() => {
      const group = waiting.take(groupMax)
      if (waiting.isEmpty()) arrived.closeUnsafe()
      return group.length === 0 ? Effect.void : writeGroup(group)
    })

    yield* arrived.await.pipe(
      // What comes within the same turn goes along.
      Effect.andThen(gatherMillis === 0 ? Effect.yieldNow : Effect.sleep(gatherMillis)),
      Effect.andThen(writeNext),
      Effect.forever,
      Effect.forkScoped
    )

    const commit = (item: A): Effect.Effect<B, E> =>
      Effect.suspend(() => {
        const entry: Entry<A, B, E> = { item, done: Deferred.makeUnsafe<B, E>(), state: "waiting" }
        waiting.put(entry)
        arrived.openUnsafe()
        return Effect.onInterrupt(Deferred.await(entry.done), () => Effect.sync(() => waiting.leave(entry)))
      })

    return { commit }
  })
