/** Server-sent events: the streams of the contract, and the one of Rookery's own that resumes. */
import { Cause, Effect, Exit } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Cors from "../http/Cors.ts"
import { type ApiError, badRequest, forbidden, unavailable } from "../http/Errors.ts"
import { person as personAccess } from "../http/Route.ts"
import * as Writer from "../http/Writer.ts"
import type { StoreError } from "@rookery/store/StoreError"
import type { Identity } from "../oauth/Identity.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import * as Streams from "./Streams.ts"
import * as Frames from "./Frames.ts"
import * as Messages from "./Messages.ts"
import * as People from "./People.ts"
import * as Resume from "./Resume.ts"
import * as Upgrade from "./Upgrade.ts"

const resumable = "/api/x/stream"
const health = `${Upgrade.root}/health`

/** Open while somebody reads. No proxy is to keep it back, nor any cache. */
const headers = [
  ...Cors.headers,
  "content-type",
  "text/event-stream",
  "cache-control",
  "private, no-store",
  "x-accel-buffering",
  "no"
]

export interface EventStreamDeps {
  readonly clients: Streams.Streams
  readonly tokens: Tokens
  readonly resume: Resume.ResumeDeps
  readonly isDraining: () => boolean
  readonly run: (
    effect: Effect.Effect<void, ApiError | StoreError>,
    options: { readonly onExit: (exit: Exit.Exit<void, ApiError | StoreError>) => void }
  ) => (() => void)
}

/** Ends when the client or this front ends the response. */
const closed = (response: ServerResponse): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (response.destroyed || response.closed) return resume(Effect.void)
    response.once("close", () => resume(Effect.void))
  })

const begin = (response: ServerResponse): void => {
  response.writeHead(200, headers)
  response.write(Frames.heartbeat)
}

/** A stream on its way in counts as one; `done` may be called often. */
const entering = (clients: Streams.Streams): { readonly done: () => void } => {
  clients.entering++
  let isIn = false
  return {
    done: () => {
      if (!isIn) clients.entering--
      isIn = true
    }
  }
}

/** Runs `body` while the person counts as connected here. */
const asConnected = (
  deps: EventStreamDeps,
  identity: Identity,
  body: (person: People.Person) => Effect.Effect<void, ApiError | StoreError>
): Effect.Effect<void, ApiError | StoreError> => {
  const { events, people } = deps.clients
  return Effect.suspend(() => {
    const person = People.expect(people, identity.account!)
    return Effect.andThen(events.connect(person), Effect.suspend(() => body(person))).pipe(
      Effect.ensuring(Effect.suspend(() => People.settle(people, person) ? events.disconnect(person) : Effect.void))
    )
  })
}

const contractStream = (deps: EventStreamDeps, request: IncomingMessage, response: ServerResponse, isIn: () => void) =>
  Effect.flatMap(Upgrade.admit(deps.tokens, request), ({ identity, stream }) => {
    if (stream === undefined) return Effect.fail(badRequest("Missing stream name"))
    return asConnected(deps, identity, (person) =>
      Effect.suspend((): Effect.Effect<void, ApiError> => {
        const client = Streams.enter(deps.clients, response, person, identity)
        const left = Effect.sync(() => Streams.leave(deps.clients, client))
        if (Messages.start(deps.clients.subscriptions, client, stream) !== undefined) {
          return Effect.andThen(left, Effect.fail(forbidden()))
        }
        isIn()
        begin(response)
        return Effect.ensuring(closed(response), left)
      }))
  })

/** Whoever reads on learns of what came by the same events as everybody; what it sends is from the store. */
const resumed = (deps: EventStreamDeps, request: IncomingMessage, response: ServerResponse, isIn: () => void) =>
  Effect.gen(function*() {
    const { fields } = Upgrade.addressOf(request)
    const identity = yield* Upgrade.identify(deps.tokens, request, fields, personAccess("read:statuses"))
    const from = yield* Resume.cursorOf(deps.resume, request.headers["last-event-id"] ?? fields["cursor"])
    const reading = Resume.make(deps.resume, identity.account!, response, Upgrade.coverage(identity).mayNotices)
    yield* reading.check(from)
    yield* asConnected(deps, identity, (person) =>
      Effect.suspend(() => {
        const client = Streams.enter(deps.clients, response, person, identity, reading.wake)
        isIn()
        begin(response)
        return Effect.raceFirst(closed(response), reading.follow(from)).pipe(
          Effect.ensuring(Effect.sync(() => Streams.leave(deps.clients, client)))
        )
      }))
  })

const failureOf = (exit: Exit.Failure<void, ApiError | StoreError>): ApiError => {
  const found = Cause.findErrorOption(exit.cause)
  return found._tag === "Some" ? Upgrade.asAnswer(found.value) : unavailable()
}

const isOfContract = (path: string): boolean => path === Upgrade.root || path.startsWith(`${Upgrade.root}/`)

/** Whether the request opens a stream, and not the page that tells whether streams can be opened. */
export const isStream = (request: IncomingMessage): boolean => {
  const { path } = Upgrade.addressOf(request)
  return request.method === "GET" && path !== health && (path === resumable || isOfContract(path))
}

/** Takes a request that opens a stream; false for any other. */
export const takes = (deps: EventStreamDeps) => (request: IncomingMessage, response: ServerResponse): boolean => {
  if (request.method !== "GET") return false
  const { path } = Upgrade.addressOf(request)
  const isContract = isOfContract(path)
  if (!isContract && path !== resumable) return false
  if (path === health) {
    Writer.answer(response, { status: 200, body: "OK", type: "text/plain; charset=utf-8" }, false)
    return true
  }
  if (deps.isDraining() || Streams.isFull(deps.clients)) {
    Writer.error(response, unavailable(), false)
    return true
  }
  response.on("error", () => response.destroy())
  const { done } = entering(deps.clients)
  const interrupt = deps.run(isContract ? contractStream(deps, request, response, done) : resumed(deps, request, response, done), {
    onExit: (exit) => {
      done()
      if (!response.headersSent && Exit.isFailure(exit)) Writer.error(response, failureOf(exit), false)
      else response.end()
    }
  })
  response.once("close", interrupt)
  return true
}
