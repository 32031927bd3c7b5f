/**
 * Takes messages from one consumer of another datacenter's stream. Requests for messages are repeated blindly, by
 * count and by time, since whatever was asked may be lost with the link, the server or the stream: so it goes on by
 * itself, seconds after whatever it was is back, and needs nothing to be told.
 */
import { createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node"
import * as Logs from "@rookery/observe/Logs"
import { linkMessages, linkRefused } from "@rookery/observe/Metrics"
import { Effect, Queue, Schedule, type Scope } from "effect"
import type { Arrival } from "../Links.ts"
import * as linkNames from "./linkNames.ts"
import * as PullWindow from "./PullWindow.ts"

const tickMillis = 250

const ack = new TextEncoder().encode("+ACK")
/** Without the reason: server 2.9 knows none. */
const terminate = new TextEncoder().encode("+TERM")

interface State {
  readonly connection: NatsConnection
  readonly origin: string
  readonly consumer: string
  readonly inbox: string
  readonly arrivals: Queue.Queue<Arrival>
  readonly window: PullWindow.PullWindow
}

/** Asks for more where little is on order and there is room for what would come. */
const request = (state: State): void => {
  if (state.connection.isClosed()) return
  const batch = PullWindow.order(state.window, performance.now(), Queue.sizeUnsafe(state.arrivals))
  if (batch === 0) return
  const body = JSON.stringify({ batch, expires: PullWindow.holdMillis * 1_000_000 })
  state.connection.publish(linkNames.api(state.origin, "MSG.NEXT", state.consumer), body, { reply: state.inbox })
}

/** The server tells the count of deliveries in the subject that acknowledgements go to: `$JS.ACK.stream.consumer.count.…`. */
const deliveriesOf = (reply: string): number => {
  const tokens = reply.split(".")
  // Newer servers put domain and account before the stream.
  return Number(tokens[tokens.length > 9 ? 6 : 4])
}

/** What cannot be told now is told by the message's coming again. */
const respond = (state: State, message: Msg, word: Uint8Array): Effect.Effect<void> =>
  Effect.sync(() => {
    if (!state.connection.isClosed()) message.respond(word)
  })

const arrivalOf = (state: State, message: Msg): Arrival => ({
  data: message.data.slice(),
  deliveries: deliveriesOf(message.reply!),
  ack: respond(state, message, ack),
  refuse: (reason) =>
    Effect.suspend(() => {
      linkRefused.at(state.origin).value++
      return Effect.logWarning(Logs.names.linkRefused).pipe(Effect.annotateLogs({ origin: state.origin, reason }))
    }).pipe(Effect.andThen(respond(state, message, terminate)))
})

/** A message, or (without a subject to acknowledge to) the server's word that a request ended or cannot be met. */
const receive = (state: State, message: Msg): void => {
  if (message.reply === undefined || message.reply === "") {
    // 408: a request ran out. All else: no consumer, no stream, no link; the next tick asks again.
    PullWindow.ended(state.window, message.headers?.code === 408)
    return
  }
  PullWindow.arrived(state.window, message.data.length)
  linkMessages.at("in").value++
  Queue.offerUnsafe(state.arrivals, arrivalOf(state, message))
  request(state)
}

/** Fills `arrivals` until the scope closes. What the reader has not taken stays bounded: nothing is asked for beyond it. */
export const run = (
  connection: NatsConnection,
  origin: string,
  own: string,
  consumer: string,
  arrivals: Queue.Queue<Arrival>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function*() {
    const inbox = createInbox(linkNames.inboxPrefix(own))
    const state: State = { connection, origin, consumer, inbox, arrivals, window: PullWindow.make() }
    const subscribe = Effect.sync(() =>
      connection.subscribe(inbox, {
        callback: (error, message) => {
          if (error === null) receive(state, message)
        }
      })
    )
    yield* Effect.acquireRelease(subscribe, (subscription) =>
      Effect.sync(() => {
        if (!connection.isClosed()) subscription.unsubscribe()
      }))
    yield* Effect.sync(() => request(state)).pipe(Effect.repeat(Schedule.spaced(tickMillis)), Effect.forkScoped)
  })
