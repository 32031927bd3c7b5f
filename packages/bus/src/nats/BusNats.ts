/**
 * The bus over NATS core publish and subscribe. NATS may lose messages: on a reconnect of either side, and when a
 * reader is slow. Every message carries its sender's number, so a reader sees it and is told `MaybeLost`.
 */
import type { Msg, NatsConnection, Status } from "@nats-io/transport-node"
import * as Logs from "@rookery/observe/Logs"
import { busMessages } from "@rookery/observe/Metrics"
import * as Outages from "@rookery/observe/Outages"
import { Effect, Layer, Schedule, type Scope, Stream } from "effect"
import { randomBytes } from "node:crypto"
import { Bus, BusError } from "../Bus.ts"
import * as Inbox from "../Inbox.ts"
import * as Subject from "../Subject.ts"
import * as Connection from "./connection.ts"
import * as Envelope from "./Envelope.ts"
import * as SenderNumbers from "./SenderNumbers.ts"

export interface NatsOptions {
  /** `nats://host:port` or `nats://user:password@host:port`, also several separated by commas. */
  readonly url: string
  /** Shown by the server. */
  readonly name: string
  /** Put before every subject with a dot: one for each cluster, so that clusters can share a server. */
  readonly prefix: string
}

/** Milliseconds. */
const flushMillisMax = 2_000

/** Bytes on their way to the server at most; beyond them `publish` fails. */
const unflushedBytesMax = 8 * 1_024 * 1_024

const sent = busMessages.at("out")
const fail = (cause: unknown) => new BusError({ cause })
const refuse = (reason: string) => Effect.fail(fail(new Error(reason)))

interface State {
  readonly connection: NatsConnection
  readonly sender: bigint
  /** Numbers of what was sent, by full subject. Rookery publishes on a handful. */
  readonly numbers: Map<string, number>
  readonly inboxes: Set<Inbox.Inbox>
  isConnected: boolean
  unflushedBytes: number
  isFlushing: boolean
}

/** Everything published and subscribed before has reached the server when it ends. */
const flush = (state: State): Effect.Effect<void, BusError> =>
  Effect.tryPromise({ try: () => state.connection.flush(), catch: fail }).pipe(
    Effect.timeoutOrElse({ duration: flushMillisMax, orElse: () => refuse("NATS does not answer") })
  )

/** Bounds what is written but not taken by the server: one flush at a time clears what stood before it. */
const countUnflushed = (state: State, bytes: number): void => {
  state.unflushedBytes += bytes
  if (state.isFlushing) return
  state.isFlushing = true
  const covered = state.unflushedBytes
  const done = () => {
    state.isFlushing = false
    state.unflushedBytes = Math.max(0, state.unflushedBytes - covered)
  }
  // A flush fails when the connection is lost, and then what it covered is lost too.
  state.connection.flush().then(done, done)
}

const send = (state: State, kind: Envelope.Envelope["kind"], subject: string, data: Uint8Array): void => {
  const number = (state.numbers.get(subject) ?? 0) + 1
  state.numbers.set(subject, number)
  const bytes = Envelope.encode({ kind, sender: state.sender, number, data })
  state.connection.publish(subject, bytes)
  countUnflushed(state, bytes.length)
}

const makePublish = (state: State, prefix: string) => (subject: string, data: Uint8Array) =>
  Effect.gen(function*() {
    yield* Subject.check(subject, data)
    if (!state.isConnected) return yield* refuse("not connected to NATS")
    if (state.unflushedBytes > unflushedBytesMax) return yield* refuse("NATS is too slow")
    yield* Effect.try({ try: () => send(state, "message", `${prefix}.${subject}`, data), catch: fail })
    sent.value++
  })

/** What arrives for one subscription. */
const receiver = (subject: string, inbox: Inbox.Inbox) => {
  const numbers = SenderNumbers.make()
  return (error: Error | null, message: Msg): void => {
    const envelope = error === null ? Envelope.decode(message.data) : undefined
    if (envelope === undefined) return inbox.maybeLost("broken")
    if (SenderNumbers.hasGap(numbers, envelope.sender, envelope.number)) inbox.maybeLost("gap")
    if (envelope.kind === "message") inbox.message(subject, envelope.data)
  }
}

const makeSubscribe = (state: State, prefix: string) =>
(subject: string, options?: { readonly bufferMax?: number }) =>
  Effect.gen(function*() {
    yield* Subject.checkSubject(subject)
    const inbox = yield* Inbox.make(options?.bufferMax ?? Inbox.bufferMaxDefault)
    const join = Effect.try({
      try: () => {
        const subscription = state.connection.subscribe(`${prefix}.${subject}`, { callback: receiver(subject, inbox) })
        state.inboxes.add(inbox)
        return subscription
      },
      catch: fail
    })
    yield* Effect.acquireRelease(join, (subscription) =>
      Effect.sync(() => {
        state.inboxes.delete(inbox)
        if (!state.connection.isClosed()) subscription.unsubscribe()
      }))
    yield* flush(state)
    return inbox.deliveries
  })

/**
 * After a reconnect our subscriptions were away, and what we had sent may be lost: readers here are told once the
 * server has the subscriptions again, readers elsewhere see it by the number of a beat.
 */
const recover = (state: State) =>
  Effect.gen(function*() {
    state.unflushedBytes = 0
    state.isFlushing = false
    yield* flush(state)
    for (const inbox of state.inboxes) inbox.maybeLost("reconnect")
    for (const [subject, number] of state.numbers) {
      state.numbers.set(subject, number + 1)
      send(state, "beat", subject, new Uint8Array())
    }
    state.isConnected = true
  }).pipe(
    Effect.tapError((error) => Effect.logWarning(Logs.names.busLost, error)),
    Effect.retry(Schedule.spaced(Connection.reconnectWaitMillis)),
    // The connection retries for ever, and so does this; it is stopped with the bus.
    Effect.orDie
  )

const watch = (state: State, { type }: Status): Effect.Effect<void> => {
  if (type === "disconnect") {
    state.isConnected = false
    return Effect.sync(() => Outages.doubt("NATS"))
  }
  if (type === "reconnect") return recover(state)
  if (type !== "slowConsumer") return Effect.void
  return Effect.sync(() => {
    for (const inbox of state.inboxes) inbox.maybeLost("full")
  })
}

const make = (options: NatsOptions): Effect.Effect<Bus["Service"], BusError, Scope.Scope> =>
  Effect.gen(function*() {
    const connection = yield* Connection.make(options, fail)
    const state: State = {
      connection,
      sender: randomBytes(8).readBigUInt64LE(),
      numbers: new Map(),
      inboxes: new Set(),
      isConnected: true,
      unflushedBytes: 0,
      isFlushing: false
    }
    yield* Stream.fromAsyncIterable(connection.status(), fail).pipe(
      Stream.runForEach((status) => watch(state, status)),
      Effect.catchCause((cause) => Effect.logError(Logs.names.busLost, cause)),
      Effect.forkScoped
    )
    return {
      publish: makePublish(state, options.prefix),
      subscribe: makeSubscribe(state, options.prefix),
      ping: Effect.suspend(() => state.isConnected ? flush(state) : refuse("not connected to NATS"))
    }
  })

/** Fails when the first connection fails (retrying that is the caller's); afterwards it reconnects for ever. */
export const layer = (options: NatsOptions): Layer.Layer<Bus, BusError> => Layer.effect(Bus, make(options))
