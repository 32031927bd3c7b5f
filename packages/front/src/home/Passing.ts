/** Requests that are passed to another datacenter: bodies and answers run through, and both sides end together. */
import * as Counters from "@rookery/observe/Counters"
import * as Metrics from "@rookery/observe/Metrics"
import { Effect, Exit } from "effect"
import { type IncomingMessage, type ServerResponse } from "node:http"
import type { Answer } from "../http/Answer.ts"
import { ApiError, unavailable } from "../http/Errors.ts"
import * as Upload from "../http/Upload.ts"
import * as Writer from "../http/Writer.ts"
import type { FrontLimits } from "../Settings.ts"
import * as Headers from "./Headers.ts"
import * as Sending from "./Sending.ts"
import * as Upstreams from "./Upstreams.ts"
import * as World from "./World.ts"

export interface How {
  readonly isStream: boolean
  readonly done: (status: number) => void
  /** Called in place of the refusal when the home cannot be reached. */
  readonly orElse: (() => void) | undefined
}

/** What runs through here. Streams are told apart, since a stopping front ends them and waits for the rest. */
export interface Passing {
  readonly pass: (home: number, request: IncomingMessage, response: ServerResponse, how: How) => void
  /** Passes a request whose body was read already; the answer is small. */
  readonly exchange: (home: number, request: IncomingMessage, body: Buffer) => Effect.Effect<Answer, ApiError>
  readonly upstreams: (home: number) => Upstreams.Upstreams
  readonly closeStreams: () => void
  readonly close: () => void
}

export interface PassingOptions {
  readonly world: World.World
  readonly limits: FrontLimits
  readonly addressOf: (request: IncomingMessage) => string
  readonly run: (
    effect: Effect.Effect<IncomingMessage, ApiError>,
    options: { readonly onExit: (exit: Exit.Exit<IncomingMessage, ApiError>) => void }
  ) => () => void
}

const answerBytesMax = 1024 * 1024

/** Streams are pinged; one that misses so many is taken for gone. */
const pingsMissed = 3

/** The topologies of two datacenters differ. */
export const loop = new ApiError({ status: 508, error: "This request was passed to a datacenter that is not its home" })

const failureOf = (exit: Exit.Failure<IncomingMessage, ApiError>): ApiError => {
  const found = Exit.findErrorOption(exit)
  return found._tag === "Some" ? found.value : unavailable()
}

/** Cuts what says nothing for so long, other than because the reader does not take it: the way may be cut without a word. */
const endWhenSilent = (from: IncomingMessage, response: ServerResponse, millis: number): void => {
  const timer = setTimeout(() => response.writableNeedDrain ? timer.refresh() : from.destroy(), millis)
  from.on("data", () => timer.refresh())
  from.on("close", () => clearTimeout(timer))
}

/** From the head of the answer on: whichever side goes, the other is cut. */
const runThrough = (from: IncomingMessage, response: ServerResponse, silentMillisMax: number): void => {
  endWhenSilent(from, response, silentMillisMax)
  response.writeHead(from.statusCode!, Headers.ofAnswer(from))
  response.flushHeaders()
  from.on("error", () => response.destroy())
  from.on("close", () => from.complete || response.destroy())
  response.on("close", () => from.complete || from.destroy())
  from.pipe(response)
}

const collect = (from: IncomingMessage): Effect.Effect<Buffer, ApiError> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const cut = () => {
      from.destroy()
      resume(Effect.fail(unavailable()))
    }
    from.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > answerBytesMax) cut()
      else chunks.push(chunk)
    })
    from.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    from.on("error", cut)
    from.on("close", cut)
    return Effect.sync(() => from.destroy())
  })

/** What our own writer adds to each answer. */
const own = new Set(["content-length", "date", "x-content-type-options", "access-control-allow-origin", "access-control-expose-headers"])

const answerOf = (from: IncomingMessage, body: Buffer): Answer => {
  const headers: Array<string> = []
  const all = Headers.ofAnswer(from)
  for (let i = 0; i + 1 < all.length; i += 2) {
    const name = all[i]!
    if (!own.has(name) && name !== "content-type" && name !== "cache-control") headers.push(name, all[i + 1]!)
  }
  const { "cache-control": cache, "content-type": type } = from.headers
  return {
    status: from.statusCode!,
    body,
    headers,
    ...(type === undefined ? {} : { type }),
    ...(cache === undefined ? {} : { cache })
  }
}

export const make = ({ addressOf, limits, run, world }: PassingOptions): Passing => {
  const { own: ownNumber } = world.datacenters
  const by = World.nameOf(world, ownNumber)
  const sender = Sending.make({
    connectMillis: limits.passConnectMillis,
    bodyMillis: limits.uploadMillisMax,
    connectionsMax: limits.passedInFlightMax
  })
  const targets = world.fronts.map((urls) => ({ upstreams: Upstreams.make(urls, limits.passConnectMillis), inFlight: 0 }))
  const streams = new Set<ServerResponse>()

  /** Holds a place of the datacenter's while `effect` runs and after it, until the answer is over. */
  const admitted = (home: number, isStream: boolean): ApiError | undefined => {
    const isFull = isStream ? streams.size >= limits.socketsMax : targets[home]!.inFlight >= limits.passedInFlightMax
    return isFull ? unavailable() : undefined
  }
  const sentOf = (request: IncomingMessage, isStream: boolean, body: Buffer | undefined): Sending.Sent => {
    const hasBody = body !== undefined || request.headers["content-length"] !== undefined || request.headers["transfer-encoding"] !== undefined
    const headers = Headers.ofRequest(request.headers, addressOf(request), by)
    if (body !== undefined) {
      delete headers["transfer-encoding"]
      headers["content-length"] = String(body.length)
    }
    return {
      method: request.method!,
      target: request.url ?? "/",
      headers,
      isStream,
      headMillis: Upload.isMultipart(request) ? limits.uploadMillisMax : limits.passHeadMillis,
      isRepeatable: !hasBody,
      write: (to) => {
        if (body !== undefined || !hasBody) to.end(body)
        else request.pipe(to)
      }
    }
  }
  const count = (home: number, result: string): void => void Metrics.passed.at(World.nameOf(world, home), result).value++

  const pass: Passing["pass"] = (home, request, response, { done, isStream, orElse }) => {
    const refuse = (failure: ApiError) => {
      Writer.error(response, failure, request.method === "HEAD")
      request.resume()
      done(failure.status)
    }
    const target = targets[home]!
    const refusal = request.headers[Headers.passedBy] !== undefined ? loop : admitted(home, isStream)
    if (refusal !== undefined) return refuse(refusal)
    if (isStream) streams.add(response)
    else target.inFlight++
    response.on("error", () => response.destroy())
    const interrupt = run(sender.send(target.upstreams, sentOf(request, isStream, undefined)), {
      onExit: (exit) => {
        count(home, Exit.isSuccess(exit) ? "answered" : "failed")
        if (Exit.isFailure(exit)) return orElse === undefined || response.destroyed ? refuse(failureOf(exit)) : orElse()
        if (response.destroyed) return void exit.value.destroy()
        runThrough(exit.value, response, isStream ? pingsMissed * limits.pingMillis : limits.passHeadMillis)
        done(exit.value.statusCode!)
      }
    })
    response.once("close", () => {
      interrupt()
      if (!streams.delete(response)) target.inFlight--
    })
  }

  const exchange: Passing["exchange"] = (home, request, body) =>
    Effect.suspend(() => {
      const target = targets[home]!
      const refusal = request.headers[Headers.passedBy] !== undefined ? loop : admitted(home, false)
      if (refusal !== undefined) return Effect.fail(refusal)
      target.inFlight++
      return sender.send(target.upstreams, sentOf(request, false, body)).pipe(
        Effect.flatMap((from) => Effect.map(collect(from), (bytes) => answerOf(from, bytes))),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            target.inFlight--
            count(home, Exit.isSuccess(exit) ? "answered" : "failed")
          }))
      )
    })

  const unfollow = Counters.follow(Metrics.streams, () => streams.size)
  return {
    pass,
    exchange,
    upstreams: (home) => targets[home]!.upstreams,
    closeStreams: () => streams.forEach((response) => response.headersSent ? response.end() : response.destroy()),
    close: () => {
      unfollow()
      sender.close()
    }
  }
}
