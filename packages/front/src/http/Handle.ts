/** From Node's request to a written answer: routing, body, token, handler, errors, metrics. */
import * as Outages from "@rookery/observe/Outages"
import type { StoreError } from "@rookery/store/StoreError"
import { type Context, Effect, Exit } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Identity } from "../oauth/Identity.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import type { Answer } from "./Answer.ts"
import { authorize } from "./Authorize.ts"
import * as Body from "./Body.ts"
import type { ClientAddress } from "./ClientAddress.ts"
import { ApiError, notFound, timedOut, unavailable } from "./Errors.ts"
import * as Failures from "./Failures.ts"
import * as Fields from "./Fields.ts"
import * as Gather from "./Gather.ts"
import type { Route } from "./Route.ts"
import type { RouteMetrics } from "./RouteMetrics.ts"
import type { Router } from "./Router.ts"
import * as Upload from "./Upload.ts"
import * as Writer from "./Writer.ts"

/** Requests that another datacenter answers. */
export interface Elsewhere {
  /**
   * Takes a request whose head says so, body and answer included; false for any other. `done` tells the status; `asNobody`
   * answers here what anybody may read, while the other datacenter cannot be reached.
   */
  readonly takes: (
    route: Route,
    request: IncomingMessage,
    response: ServerResponse,
    rawQuery: string,
    ends: { readonly done: (status: number) => void; readonly asNobody: () => void }
  ) => boolean
  /** The answer to a request whose fields say so; undefined for any other. */
  readonly answers: (
    route: Route,
    request: IncomingMessage,
    fields: Fields.Fields,
    body: Buffer
  ) => Effect.Effect<Answer | undefined, ApiError | StoreError>
}

export interface HandleOptions {
  /** Undefined where there is only one datacenter. */
  readonly elsewhere?: Elsewhere | undefined
  readonly router: Router
  readonly tokens: Tokens
  readonly addressOf: ClientAddress
  readonly metrics: RouteMetrics
  readonly bodyBytesMax: number
  readonly uploads: Upload.Uploads
  readonly requestsInFlightMax: number
  readonly requestMillisMax: number
  /** While Postgres is away: what waits for it is not kept waiting. */
  readonly requestAwayMillisMax: number
  /** The same where files are sent. */
  readonly uploadMillisMax: number
}

/** A request that is being answered. */
interface Running {
  readonly since: number
  readonly millisMax: number
  /** Answers that it took too long. */
  giveUp: () => void
  interrupt: () => void
}

export interface Handle {
  readonly onRequest: (request: IncomingMessage, response: ServerResponse) => void
  /**
   * Answers what has taken too long, and interrupts it; the answer does not wait for that. Called by a timer, since one timer a
   * request costs more than the request.
   */
  readonly sweep: () => void
  readonly inFlight: () => number
}

/** The files that may come with a request; undefined where it is read as any other. */
const namesOf = (route: Route, request: IncomingMessage) => Upload.isMultipart(request) ? route.files : undefined

const withoutSlash = (path: string): string => path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path

const nothing = (): void => {}

/**
 * Lets go of the request. A `Set` leaves its old table to the garbage whenever it makes a new one, entries and all; once such a
 * table is of the old generation, everything that it knew is promoted with it.
 */
const forget = (entry: Running): void => {
  entry.giveUp = nothing
  entry.interrupt = nothing
}

const noFiles: ReadonlyMap<string, Buffer> = new Map()

export const make = (options: HandleOptions, services: Context.Context<never>): Handle => {
  const { addressOf, elsewhere, metrics, router, tokens } = options
  const run = Effect.runCallbackWith(services)
  const running = new Set<Running>()
  const log = Failures.makeLog(run)
  const gather = Gather.make(() => Gather.apartMillis(running.size))

  const answer = (route: Route, params: ReadonlyArray<string>, request: IncomingMessage, path: string, rawQuery: string) => {
    const query = Fields.ofQuery(rawQuery)
    const handleAs = (identity: Identity | undefined, fields: Fields.Fields, files: ReadonlyMap<string, Buffer>) =>
      route.handle({
        method: request.method!,
        path,
        rawQuery,
        params,
        headers: request.headers,
        address: () => addressOf(request),
        fields,
        files,
        identity
      })
    const identify = (fields: Fields.Fields) => authorize(tokens, route.access, request.headers, fields)
    const handle = (fields: Fields.Fields) => Effect.flatMap(identify(fields), (identity) => handleAs(identity, fields, noFiles))
    if (!Body.hasBody(request)) return handle(query)
    const names = namesOf(route, request)
    if (names !== undefined) {
      return Effect.flatMap(identify(query), (identity) =>
        options.uploads.read(request, names, identity?.account?.id, ({ fields, files }) => handleAs(identity, merge(query, fields), files)))
    }
    return Effect.flatMap(Body.read(request, options.bodyBytesMax), (body) => {
      const fields = merge(query, body.fields)
      return elsewhere === undefined
        ? handle(fields)
        : Effect.flatMap(elsewhere.answers(route, request, fields, body.bytes), (answered) =>
          answered === undefined ? handle(fields) : Effect.succeed(answered))
    })
  }

  const finish = (response: ServerResponse, exit: Exit.Exit<Answer, ApiError | StoreError>, head: boolean): number => {
    if (Exit.isSuccess(exit)) {
      Writer.answer(response, exit.value, head)
      return exit.value.status
    }
    const failure = Failures.told(exit, log)
    Writer.error(response, failure, head)
    return failure.status
  }

  const start = (route: Route, params: ReadonlyArray<string>, request: IncomingMessage, response: ServerResponse, path: string, query: string) => {
    const since = performance.now()
    const millisMax = namesOf(route, request) === undefined ? options.requestMillisMax : options.uploadMillisMax
    const end = (exit: Exit.Exit<Answer, ApiError | StoreError>) => {
      const isFirst = running.delete(entry)
      forget(entry)
      // What is left of a body is read away, so that the answer is not lost to a reset.
      if (!request.complete) request.resume()
      const status = finish(response, exit, request.method === "HEAD")
      if (isFirst) metrics.record(route.pattern, status, performance.now() - since)
    }
    const entry: Running = { since, millisMax, giveUp: () => end(Exit.fail(timedOut())), interrupt: nothing }
    running.add(entry)
    gather(() => {
      if (!running.has(entry)) return
      const interrupt = run(answer(route, params, request, path, query), { onExit: end })
      if (running.has(entry)) entry.interrupt = interrupt
    })
  }

  const passes = (route: Route, request: IncomingMessage, response: ServerResponse, query: string, startHere: () => void): boolean => {
    if (elsewhere === undefined) return false
    const since = performance.now()
    return elsewhere.takes(route, request, response, query, {
      done: (status) => metrics.record(route.pattern, status, performance.now() - since),
      asNobody: () => {
        delete request.headers.authorization
        response.setHeader("x-rookery-home", "unreachable")
        startHere()
      }
    })
  }

  const refuse = (response: ServerResponse, request: IncomingMessage, failure: ApiError, label: string): void => {
    Writer.error(response, failure, request.method === "HEAD")
    request.resume() // the rest of a body is read away, so that the connection can go on
    metrics.record(label, failure.status, 0)
  }

  return {
    inFlight: () => running.size,
    sweep: () => {
      const now = performance.now()
      const isAway = Outages.isAway("Postgres")
      for (const entry of running) {
        const { giveUp, interrupt, millisMax, since } = entry
        const most = isAway && millisMax === options.requestMillisMax ? options.requestAwayMillisMax : millisMax
        if (now - since <= most) continue
        giveUp()
        interrupt()
      }
    },
    onRequest: (request, response) => {
      const url = request.url ?? "/"
      const mark = url.indexOf("?")
      const path = withoutSlash(mark === -1 ? url : url.slice(0, mark))
      if (request.method === "OPTIONS") return Writer.preflight(response)
      const match = router.find(request.method!, path)
      if (match._tag === "Missing") return refuse(response, request, notFound("Not found"), "none")
      if (match._tag === "WrongMethod") {
        const failure = new ApiError({ status: 405, error: "Method not allowed", allow: match.allow })
        return refuse(response, request, failure, "none")
      }
      if (running.size >= options.requestsInFlightMax) return refuse(response, request, unavailable(), match.route.pattern)
      const query = mark === -1 ? "" : url.slice(mark + 1)
      const startHere = () => start(match.route, match.params, request, response, path, query)
      if (!passes(match.route, request, response, query, startHere)) startHere()
    }
  }
}

const merge = (query: Fields.Fields, body: Fields.Fields): Fields.Fields =>
  query === Fields.empty ? body : Object.assign(Object.create(null), query, body)
