/**
 * Noticing that a runner's process is gone, sooner than its lease tells.
 *
 * A TCP connection to its port is refused at once when nobody listens there any more. A process that is stopped or
 * hangs still accepts connections: that is what the lease is for, so a long pause is never taken for a death.
 */
import { Effect, Layer, Schedule } from "effect"
import { type RunnerAddress, RunnerHealth, RunnerStorage } from "effect/cluster"
import { connect } from "node:net"

/** A host that does not answer at all is asked for so long, this often. */
const CONNECT_LIMIT_MS = 1000
const ATTEMPTS = 3
const BETWEEN_ATTEMPTS = "100 millis"
const WATCH_INTERVAL = "400 millis"
/** Neighbours that each runner watches, so that the work does not grow with the square of the runners. */
const WATCHED_MAX = 3

const connects = (address: RunnerAddress.RunnerAddress): Effect.Effect<void, Error> =>
  Effect.callback((resume) => {
    const socket = connect({ host: address.host, port: address.port, timeout: CONNECT_LIMIT_MS })
    // What is returned below runs on interruption only: the answer itself has to close the socket.
    const settle = (answer: Effect.Effect<void, Error>) => {
      socket.destroy()
      resume(answer)
    }
    socket.once("connect", () => settle(Effect.void))
    socket.once("timeout", () => settle(Effect.fail(new Error("no answer"))))
    socket.once("error", (error) => settle(Effect.fail(error)))
    return Effect.sync(() => socket.destroy())
  })

const isAlive = (address: RunnerAddress.RunnerAddress): Effect.Effect<boolean> =>
  connects(address).pipe(
    Effect.retry({ times: ATTEMPTS - 1, schedule: Schedule.spaced(BETWEEN_ATTEMPTS) }),
    Effect.isSuccess
  )

/** For the cluster's own health check, which one runner does for all, and which takes a runner back that is well again. */
export const layerHealth: Layer.Layer<RunnerHealth.RunnerHealth> = Layer.succeed(RunnerHealth.RunnerHealth, { isAlive })

/**
 * Watches the next few runners after `self` in the order of their names. The cluster's own check is a singleton, and
 * when its runner is the one that died, nobody would look until that runner's lease has run out.
 */
export const layerWatch = (self: RunnerAddress.RunnerAddress): Layer.Layer<never, never, RunnerStorage.RunnerStorage> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const storage = yield* RunnerStorage.RunnerStorage
    const report = (address: RunnerAddress.RunnerAddress) =>
      Effect.logWarning(`Runner ${address.host}:${address.port} is gone`).pipe(
        Effect.andThen(storage.setRunnerHealth(address, false))
      )
    const look = Effect.gen(function*() {
      const runners = yield* storage.getRunners
      const others = runners.filter(([, healthy]) => healthy).map(([runner]) => runner.address)
      const gone = yield* Effect.filter(neighbours(self, others), (address) => Effect.map(isAlive(address), (alive) => !alive), {
        concurrency: WATCHED_MAX
      })
      // The last one is never given up: with nobody left there would be nobody to take it back.
      if (gone.length < others.length) yield* Effect.forEach(gone, report, { discard: true })
    })
    yield* look.pipe(
      // The database is away: leases settle it.
      Effect.catchCause((cause) => Effect.logDebug("Runners could not be looked at", cause)),
      Effect.repeat(Schedule.spaced(WATCH_INTERVAL)),
      Effect.forkScoped
    )
  }))

const nameOf = (address: RunnerAddress.RunnerAddress): string => `${address.host}:${address.port}`

const neighbours = (
  self: RunnerAddress.RunnerAddress,
  others: ReadonlyArray<RunnerAddress.RunnerAddress>
): ReadonlyArray<RunnerAddress.RunnerAddress> => {
  const mine = nameOf(self)
  const inOrder = others.filter((other) => nameOf(other) !== mine).sort((a, b) => nameOf(a) < nameOf(b) ? -1 : 1)
  const start = inOrder.findIndex((other) => nameOf(other) > mine)
  const from = start === -1 ? 0 : start
  return [...inOrder.slice(from), ...inOrder.slice(0, from)].slice(0, WATCHED_MAX)
}
