/** Questions between datacenters, over core request and reply in the account of who is asked. */
import { type Msg, type NatsConnection, RequestError, TimeoutError } from "@nats-io/transport-node"
import { linkAsks } from "@rookery/observe/Metrics"
import { Effect, Option, type Scope, Semaphore } from "effect"
import * as Answering from "../Answering.ts"
import { type AskError, type AskHandler, AskRefused, LinkDown, LinkError, type LinkState } from "../Links.ts"
import { asksUnderWayMax, checkKind } from "../linkBounds.ts"
import * as linkNames from "./linkNames.ts"

/** The first byte of an answer; what follows a refusal is its reason in UTF-8. */
const okByte = 0
const refusedByte = 1

const encode = (answer: Answering.Answer): Uint8Array => {
  const body = answer._tag === "Ok" ? answer.data : new TextEncoder().encode(answer.reason)
  const bytes = new Uint8Array(1 + body.length)
  bytes[0] = answer._tag === "Ok" ? okByte : refusedByte
  bytes.set(body, 1)
  return bytes
}

const decode = (datacenter: string, bytes: Uint8Array): Effect.Effect<Uint8Array, AskRefused> => {
  if (bytes[0] === okByte) return Effect.succeed(bytes.slice(1))
  const reason = bytes[0] === refusedByte ? new TextDecoder().decode(bytes.subarray(1)) : "the answer is of no known form"
  return Effect.fail(new AskRefused({ datacenter, reason }))
}

const errorOf = (datacenter: string, isConnected: boolean) => (cause: unknown): LinkDown => {
  if (cause instanceof RequestError && cause.isNoResponders()) {
    return new LinkDown({ datacenter, reason: isConnected ? "nobody" : "down" })
  }
  return new LinkDown({ datacenter, reason: cause instanceof TimeoutError ? "timeout" : "down" })
}

const count = (datacenter: string, result: "ok" | "refused" | "down" | "nobody" | "timeout") =>
  Effect.sync(() => void linkAsks.at(datacenter, result).value++)

/** What asks one datacenter, over our connection in its account. */
export const asker = (connection: NatsConnection, datacenter: string, state: () => LinkState) => {
  const places = Semaphore.makeUnsafe(asksUnderWayMax)
  const busy = new AskRefused({ datacenter, reason: "too many questions are under way" })
  const send = (kind: string, data: Uint8Array, timeout: number) =>
    Effect.tryPromise({
      try: () => connection.request(linkNames.question(datacenter, kind), data, { timeout }),
      catch: (cause) => errorOf(datacenter, state().connected)(cause)
    }).pipe(
      Effect.flatMap((message) => decode(datacenter, message.data)),
      places.withPermitsIfAvailable(1),
      Effect.flatMap(Option.match({ onNone: () => Effect.fail(busy), onSome: Effect.succeed }))
    )
  return (kind: string, data: Uint8Array, timeoutMillis: number): Effect.Effect<Uint8Array, AskError> =>
    Effect.suspend(() =>
      state().connected
        ? send(kind, data, timeoutMillis)
        : Effect.fail<AskError>(new LinkDown({ datacenter, reason: "down" }))
    ).pipe(
      Effect.tap(() => count(datacenter, "ok")),
      Effect.tapError((error) => count(datacenter, error._tag === "LinkDown" ? error.reason : "refused"))
    )
}

/** `connection` is the owner's. Answers to anything but a known datacenter's inbox would let askers write where they may not. */
export const answering = (connection: NatsConnection, own: string, others: ReadonlyArray<string>) =>
(kind: string, handler: AskHandler): Effect.Effect<void, LinkError, Scope.Scope> =>
  Effect.gen(function*() {
    yield* checkKind(kind)
    const context = yield* Effect.context<never>()
    const answer = Answering.bounded(handler)
    const reply = (message: Msg): void => {
      const from = linkNames.asker(message.reply)
      if (from === undefined || !others.includes(from)) return
      const send = Effect.map(answer(message.data.slice(), from), (outcome) => {
        if (!connection.isClosed()) message.respond(encode(outcome))
      })
      Effect.runForkWith(context)(send)
    }
    const subscribe = Effect.try({
      try: () =>
        connection.subscribe(linkNames.question(own, kind), {
          queue: "answering",
          callback: (error, message) => {
            if (error === null) reply(message)
          }
        }),
      catch: (cause) => new LinkError({ reason: "questions cannot be heard", cause })
    })
    yield* Effect.acquireRelease(subscribe, (subscription) =>
      Effect.sync(() => {
        if (!connection.isClosed()) subscription.unsubscribe()
      }))
    yield* Effect.tryPromise({
      try: () => connection.flush(),
      catch: (cause) => new LinkError({ reason: "questions cannot be heard", cause })
    }).pipe(Effect.timeoutOrElse({
      duration: "5 seconds",
      orElse: () => Effect.fail(new LinkError({ reason: "NATS does not answer", cause: undefined }))
    }))
  })
