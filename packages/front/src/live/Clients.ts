/** All open streams of the front: kept alive, looked at again when tokens change, closed at the end. */
import * as Counters from "@rookery/observe/Counters"
import * as Logs from "@rookery/observe/Logs"
import * as Metrics from "@rookery/observe/Metrics"
import { Effect, type Scope } from "effect"
import type { StreamCheck } from "../Invalidations.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import * as Client from "./Client.ts"

export interface Clients {
  readonly all: Set<Client.Client>
  readonly check: StreamCheck
  /** Tells every client to come back, and ends what is still open after a moment. */
  readonly closeAll: Effect.Effect<void>
}

/** How long clients have to answer a close, in milliseconds. */
const closeMillis = 1_000

/** Tokens looked at again at once. */
const checksAtOnce = 4

/** Ends connections whose other side does not answer a ping or a close. */
const startSweeping = (all: ReadonlySet<Client.Client>, pingMillis: number) =>
  Effect.acquireRelease(
    Effect.sync(() => [
      setInterval(() => {
        for (const client of all) Client.ping(client)
      }, pingMillis),
      setInterval(() => {
        for (const client of all) Client.endIfClosing(client)
      }, closeMillis)
    ]),
    (timers) => Effect.sync(() => timers.forEach((timer) => clearInterval(timer)))
  )

export const make = (tokens: Tokens, pingMillis: number): Effect.Effect<Clients, never, Scope.Scope> =>
  Effect.gen(function*() {
    const all = new Set<Client.Client>()
    const run = Effect.runCallbackWith(yield* Effect.context<never>())
    yield* Effect.acquireRelease(
      Effect.sync(() => Counters.follow(Metrics.streams, () => all.size)),
      (unfollow) => Effect.sync(unfollow)
    )
    yield* startSweeping(all, pingMillis)

    const checkOne = (client: Client.Client) =>
      tokens.resolveHash(client.tokenHash).pipe(
        Effect.map((identity) => {
          if (identity === undefined) Client.drop(client, Client.closeCodes.policy, "revoked")
        }),
        // Without an answer the stream stays: the token was good when it was opened.
        Effect.catch((error) => Effect.logWarning(Logs.names.dependencyLost, error))
      )
    const check = (matches: (client: Client.Client) => boolean): void => {
      const found = [...all].filter(matches)
      if (found.length > 0) run(Effect.forEach(found, checkOne, { concurrency: checksAtOnce, discard: true }))
    }

    return {
      all,
      check: {
        ofToken: (tokenHash) => check((client) => client.tokenHash === tokenHash),
        ofAccount: (account) => check((client) => client.account.id === account),
        all: () => check(() => true)
      },
      closeAll: Effect.suspend(() => {
        for (const client of all) Client.drop(client, Client.closeCodes.restart, "restart")
        return all.size === 0 ? Effect.void : Effect.andThen(
          Effect.sleep(closeMillis),
          Effect.sync(() => all.forEach((client) => client.socket.terminate()))
        )
      })
    }
  })
