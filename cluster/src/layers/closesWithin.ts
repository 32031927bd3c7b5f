/** A layer whose end is not waited for without bound. */
import { Effect, type Exit, Fiber, Layer, Scope } from "effect"

/**
 * As `layer`, but its closing takes at most `millis`; what has not closed by then goes on closing by itself, or ends
 * with the process. For parts that wait for other processes: those may stand still, and what closes after such a part
 * (the shard locks!) must not wait for them.
 */
export const closesWithin = <A, E, R>(layer: Layer.Layer<A, E, R>, millis: number): Layer.Layer<A, E, R> =>
  Layer.effectContext(
    Effect.acquireRelease(Scope.make(), (scope, exit) => close(scope, exit, millis)).pipe(
      Effect.flatMap((scope) => Layer.buildWithScope(layer, scope))
    )
  )

const close = (scope: Scope.Closeable, exit: Exit.Exit<unknown, unknown>, millis: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    const closing = yield* Effect.forkDetach(Scope.close(scope, exit))
    yield* Effect.timeoutOption(Effect.interruptible(Fiber.await(closing)), millis)
  })
