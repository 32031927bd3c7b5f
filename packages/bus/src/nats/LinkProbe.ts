/** Looks every second whether another datacenter's server answers, and how much of its stream waits for us. */
import type { NatsConnection } from "@nats-io/transport-node"
import * as Logs from "@rookery/observe/Logs"
import { linkPending, linkUp } from "@rookery/observe/Metrics"
import { Effect, Schedule, type Scope } from "effect"
import type { LinkState } from "../Links.ts"
import * as linkNames from "./linkNames.ts"

/** Milliseconds. A round trip between continents, with a lost packet in it, is below the bound. */
const lookMillis = 1_000
const answerMillisMax = 2_000

interface ConsumerInfo {
  readonly num_pending?: number
  readonly num_ack_pending?: number
}

/** Messages that wait. A consumer that is not there holds none: its origin is about to make it again. */
const pendingOf = (info: ConsumerInfo): number => (info.num_pending ?? 0) + (info.num_ack_pending ?? 0)

/** The state is looked at by calling what this returns. */
export const run = (
  connection: NatsConnection,
  origin: string,
  own: string
): Effect.Effect<() => LinkState, never, Scope.Scope> =>
  Effect.gen(function*() {
    let state: LinkState = { connected: false, pending: 0, since: Date.now() }
    const set = (connected: boolean, pending: number) =>
      Effect.suspend(() => {
        const changed = connected !== state.connected
        state = { connected, pending, since: changed ? Date.now() : state.since }
        linkUp.at(origin).value = connected ? 1 : 0
        linkPending.at(origin).value = pending
        if (!changed) return Effect.void
        return Effect.logInfo(connected ? Logs.names.linkBack : Logs.names.linkLost).pipe(Effect.annotateLogs({ datacenter: origin }))
      })
    const ask = (consumer: string) =>
      Effect.tryPromise(async () => {
        const call = linkNames.api(origin, "INFO", consumer)
        const message = await connection.request(call, new Uint8Array(), { timeout: answerMillisMax })
        return pendingOf(message.json<ConsumerInfo>())
      })
    const look = Effect.forEach(linkNames.consumers(own), ({ name }) => ask(name), { concurrency: "unbounded" }).pipe(
      Effect.matchEffect({
        onSuccess: (counts) => set(true, counts.reduce((sum, count) => sum + count, 0)),
        onFailure: () => set(false, state.pending)
      })
    )
    // Who is built knows how things are: it need not refuse its first question.
    yield* look
    yield* look.pipe(
      Effect.delay(lookMillis),
      Effect.repeat(Schedule.jittered(Schedule.spaced(lookMillis))),
      Effect.forkScoped
    )
    return () => state
  })
