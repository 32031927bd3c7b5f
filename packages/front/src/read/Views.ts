/** How often posts are looked at: counted here, written in batches now and then. Approximate: what a crash or an edge cache keeps is lost. */
import { PostId } from "@rookery/domain/Ids"
import type { KeptStore } from "@rookery/store/KeptStore"
import { Effect, Schedule, type Scope } from "effect"

export interface Views {
  readonly count: (id: bigint) => void
}

/** Posts that are counted between two writes, at most; looks at others are not counted. */
const postsMax = 10_000

export const make = (kept: Pick<KeptStore["Service"], "addViews">, millis: number): Effect.Effect<Views, never, Scope.Scope> =>
  Effect.gen(function*() {
    let counts = new Map<PostId, number>()
    const flush = Effect.suspend(() => {
      if (counts.size === 0) return Effect.void
      const taken = counts
      counts = new Map()
      // Not tried again: a count that is not exact is not worth a second write.
      return kept.addViews(taken).pipe(Effect.catchCause((cause) => Effect.logWarning("views were not counted", cause)))
    })
    yield* Effect.addFinalizer(() => flush)
    yield* flush.pipe(Effect.repeat(Schedule.spaced(millis)), Effect.forkScoped)
    return {
      count: (id) => {
        const known = counts.get(id as PostId)
        if (known === undefined && counts.size >= postsMax) return
        counts.set(PostId.make(id), (known ?? 0) + 1)
      }
    }
  })
