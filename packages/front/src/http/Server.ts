/** Node's HTTP server with its bounds, and a stop that lets requests end. */
import { Effect, Schema, type Scope } from "effect"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import type { FrontLimits } from "../Settings.ts"
import type { Handle } from "./Handle.ts"
import * as Writer from "./Writer.ts"

/** The address cannot be listened on. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", {
  host: Schema.String,
  port: Schema.Int,
  cause: Schema.Defect()
}) {}

export interface Listening {
  readonly server: Server
  readonly host: string
  readonly port: number
}

const sweepMillis = 250
const idleSweepMillis = 50

/** A server that is not listening yet. `takes` is asked first, for requests whose answers last. */
export const make = (
  handle: Handle,
  limits: FrontLimits,
  takes: (request: IncomingMessage, response: ServerResponse) => boolean
): Server => {
  const server = createServer({
    noDelay: true,
    keepAlive: true,
    keepAliveTimeout: limits.keepAliveMillis,
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.requestMillisMax,
    // Of those that send files; others are ended by their handler's own limit.
    requestTimeout: Math.max(limits.requestMillisMax, limits.uploadMillisMax),
    connectionsCheckingInterval: 5_000,
    // Some clients offer HTTP/2 with every request (`Upgrade: h2c`) and are content with an ordinary answer.
    shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === "websocket",
    // Node's own refusal has no body.
    requireHostHeader: false
  }, (request, response) => {
    if (request.headers.host === undefined && request.httpVersion === "1.1") refuse(response, 400, "The request has no Host")
    else if (!takes(request, response)) handle.onRequest(request, response)
  })
  server.maxConnections = limits.connectionsMax
  server.on("clientError", onClientError)
  server.on("checkExpectation", (_request, response) => refuse(response, 417, "No expectation but 100-continue is met"))
  return server
}

/** Ends the connection too, since the body was not read. */
const refuse = (response: ServerResponse, status: number, error: string): void =>
  void response.writeHead(status, { "content-type": "application/json; charset=utf-8", connection: "close" }).end(JSON.stringify({ error }))

const onClientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy()
    return
  }
  if (error.code === "HPE_HEADER_OVERFLOW") socket.end(Writer.brokenRequest(431, "The headers are too large"))
  else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") socket.end(Writer.brokenRequest(408, "The request came too slowly"))
  else socket.end(Writer.brokenRequest(400, "The request is malformed"))
}

/** Listens until the scope closes; then takes no more, and waits for requests in flight up to `drainMillis`. */
export const listen = (
  server: Server,
  handle: Handle,
  host: string,
  port: number,
  limits: FrontLimits
): Effect.Effect<Listening, ListenError, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.acquireRelease(open(server, host, port), () => close(server, limits.drainMillis))
    const timer = setInterval(handle.sweep, sweepMillis)
    yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(timer)))
    const address = server.address() as AddressInfo
    return { server, host: address.address, port: address.port }
  })

const open = (server: Server, host: string, port: number): Effect.Effect<void, ListenError> =>
  Effect.callback((resume) => {
    const onError = (cause: unknown) => resume(Effect.fail(new ListenError({ host, port, cause })))
    server.once("error", onError)
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off("error", onError)
      resume(Effect.void)
    })
  })

const close = (server: Server, drainMillis: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    // A connection that is kept alive becomes idle when its last request has ended.
    const idle = setInterval(() => server.closeIdleConnections(), idleSweepMillis)
    const force = setTimeout(() => {
      server.closeAllConnections()
      // Connections that were upgraded are not among them: whatever one of those waits for, the front stops.
      resume(Effect.void)
    }, drainMillis)
    server.close(() => {
      clearInterval(idle)
      clearTimeout(force)
      resume(Effect.void)
    })
    server.closeIdleConnections()
  })
