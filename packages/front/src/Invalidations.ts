/**
 * What changed elsewhere, as the bus tells it: copies here are dropped. When messages may have been lost, all are.
 */
import type { Bus } from "@rookery/bus/Bus"
import { Invalidation, invalidationSubject } from "@rookery/protocol/BusMessages"
import * as Logs from "@rookery/observe/Logs"
import { Effect, Schedule, Schema, type Scope, Stream } from "effect"
import type { Tokens } from "./oauth/Tokens.ts"
import type { AuthorPages } from "./read/AuthorPages.ts"
import type { Hydration } from "./read/Hydration.ts"
import type { Shunned } from "./read/Shunned.ts"

/** Looks again at the tokens of open streams; each is closed if its token is not good any more. */
export interface StreamCheck {
  readonly ofToken: (tokenHash: string) => void
  readonly ofAccount: (account: bigint) => void
  readonly all: () => void
}

/** What is dropped, or looked at again. */
export interface Dropped {
  readonly hydration: Hydration
  readonly authorPages: AuthorPages
  readonly tokens: Tokens
  readonly shunned: Shunned
  readonly streams: StreamCheck
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Invalidation))

const text = new TextDecoder()

const apply = (to: Dropped, message: Invalidation): void => {
  switch (message._tag) {
    case "PostChanged":
      for (const id of message.postIds) to.hydration.dropPost(BigInt(id))
      return
    case "AuthorsPosted":
      for (const id of message.accountIds) to.authorPages.drop(BigInt(id))
      return
    case "Imported":
      to.authorPages.clear()
      return
    case "AccountChanged":
      for (const id of message.accountIds) {
        to.hydration.dropAccount(BigInt(id))
        to.tokens.dropAccount(BigInt(id))
        to.streams.ofAccount(BigInt(id))
      }
      return
    case "RelationChanged":
      for (const id of message.accountIds) to.shunned.drop(BigInt(id))
      return
    case "TokenRevoked":
      to.tokens.dropToken(message.tokenHash)
      to.streams.ofToken(message.tokenHash)
  }
}

const receive = (to: Dropped, data: Uint8Array) =>
  Effect.matchEffect(decode(text.decode(data)), {
    onSuccess: (message) => Effect.sync(() => apply(to, message)),
    onFailure: (error) => Effect.logWarning(Logs.names.busMessageBroken, error)
  })

const clear = (to: Dropped): void => {
  to.hydration.clear()
  to.authorPages.clear()
  to.tokens.clear()
  to.shunned.clear()
  to.streams.all()
}

const dropAll = (to: Dropped, reason: string) =>
  Effect.sync(() => clear(to)).pipe(Effect.andThen(Effect.logWarning(Logs.names.busLost)), Effect.annotateLogs({ reason }))

/** One subscription, until it breaks. Everything is dropped first: what was missed before it is not known. */
const listenOnce = (bus: Bus["Service"], to: Dropped) =>
  Effect.scoped(Effect.gen(function*() {
    const deliveries = yield* bus.subscribe(invalidationSubject)
    clear(to)
    yield* Stream.runForEach(deliveries, (delivery) =>
      delivery._tag === "Message" ? receive(to, delivery.data) : dropAll(to, delivery.reason))
  }))

/** Listens for as long as the scope is open; subscribes again when the subscription fails or ends. */
export const listen = (bus: Bus["Service"], to: Dropped): Effect.Effect<void, never, Scope.Scope> =>
  listenOnce(bus, to).pipe(
    Effect.exit,
    Effect.repeat(Schedule.spaced(500)),
    Effect.forkScoped,
    Effect.asVoid
  )

/**
 * For as long as the scope is open: each of `ended` says that a process ended which announces changes. What it committed last it may not have announced.
 * What matters most the outbox announces again; counters of posts it does not.
 */
export const doubt = (ended: Stream.Stream<unknown>, hydration: Pick<Hydration, "doubtPosts">): Effect.Effect<void, never, Scope.Scope> =>
  ended.pipe(
    Stream.runForEach(() => Effect.andThen(Effect.sync(hydration.doubtPosts), Effect.logInfo(Logs.names.memberEnded))),
    Effect.forkScoped,
    Effect.asVoid
  )

/** Tells every front, this one included; a bus that does not answer leaves it to the age bounds. */
export const announce = (
  deps: { readonly bus: Bus["Service"] },
  message: Invalidation
): Effect.Effect<void> =>
  deps.bus.publish(invalidationSubject, new TextEncoder().encode(JSON.stringify(message))).pipe(
    Effect.catchTag("BusError", (error) => Effect.logWarning(Logs.names.busLost, error))
  )
