/** WebSockets that are passed to another datacenter, message by message, so that each side can be told why it ends. */
import * as Counters from "@rookery/observe/Counters"
import * as Metrics from "@rookery/observe/Metrics"
import { STATUS_CODES, type IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocket, WebSocketServer } from "ws"
import { badRequest, unavailable } from "../http/Errors.ts"
import * as Client from "../live/Client.ts"
import * as Sockets from "../live/Sockets.ts"
import type { FrontLimits } from "../Settings.ts"
import * as Headers from "./Headers.ts"
import { loop } from "./Passing.ts"
import { unreachable } from "./Sending.ts"
import type { Upstream, Upstreams } from "./Upstreams.ts"

export interface PassedSockets {
  readonly pass: (to: Upstreams, request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Tells all clients to come back. */
  readonly closeAll: () => void
  /** Ends those that did not listen. */
  readonly close: () => void
  readonly size: () => number
}

export interface PassedSocketsOptions {
  readonly limits: FrontLimits
  readonly addressOf: (request: IncomingMessage) => string
  /** The own datacenter. */
  readonly by: string
}

interface Pair {
  readonly client: WebSocket
  readonly upstream: WebSocket
  /** Both answered since the last sweep. */
  readonly alive: Set<WebSocket>
}

/** Of clients as at the home itself; of the home more than any event has. */
const clientMessageMax = 4_096
const upstreamMessageMax = 1024 * 1024

/** Headers of the handshake that the other connection makes for itself. */
const ofHandshake = /^sec-websocket-/

const isOpen = (socket: WebSocket): boolean => socket.readyState === socket.OPEN

/** Codes that may be sent; a side that just went becomes "come back". */
const codeToSend = (code: number): number =>
  code === 1005 ? 1000 : code === 1006 || code === 1015 ? Client.closeCodes.restart : code

const refusalOf = (from: IncomingMessage, body: Buffer): string => {
  const headers = Headers.ofAnswer(from)
  const lines = [`HTTP/1.1 ${from.statusCode} ${STATUS_CODES[from.statusCode!] ?? ""}`]
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i] !== "content-length") lines.push(`${headers[i]}: ${headers[i + 1]}`)
  }
  return `${[...lines, `content-length: ${body.length}`, "connection: close"].join("\r\n")}\r\n\r\n${body.toString("utf8")}`
}

const refusalBytesMax = 64 * 1024

/** Answers the client as the home did. */
const relayRefusal = (from: IncomingMessage, request: IncomingMessage, socket: Duplex): void => {
  socket.resume()
  const chunks: Array<Buffer> = []
  let size = 0
  from.on("data", (chunk: Buffer) => {
    size += chunk.length
    if (size > refusalBytesMax) from.destroy()
    else chunks.push(chunk)
  })
  from.on("close", () => {
    if (!from.complete) return Sockets.refuse(request, socket, unavailable())
    socket.end(refusalOf(from, Buffer.concat(chunks)), () => socket.destroy())
  })
}

export const make = ({ addressOf, by, limits }: PassedSocketsOptions): PassedSockets => {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: clientMessageMax,
    handleProtocols: (protocols) => protocols.values().next().value ?? false
  })
  server.on("wsClientError", (error: Error, socket: Duplex, request: IncomingMessage) =>
    Sockets.refuse(request, socket, badRequest(error.message)))
  const pairs = new Set<Pair>()
  let entering = 0

  const carry = (from: WebSocket, to: WebSocket): void => {
    from.on("message", (data, isBinary) => {
      if (!isOpen(to)) return
      if (to.bufferedAmount > limits.socketBufferMax) to.close(Client.closeCodes.tryAgainLater, "slow")
      else to.send(data, { binary: isBinary })
    })
    from.on("close", (code, reason) => {
      if (isOpen(to)) to.close(codeToSend(code), reason)
    })
    from.on("error", () => from.terminate())
  }
  const join = (client: WebSocket, upstream: WebSocket): void => {
    const pair: Pair = { client, upstream, alive: new Set([client, upstream]) }
    pairs.add(pair)
    carry(client, upstream)
    carry(upstream, client)
    for (const socket of pair.alive) socket.on("pong", () => pair.alive.add(socket))
    client.on("close", () => pairs.delete(pair))
  }

  /** Ends what gave no sign of life since the last time, and asks for one. */
  const check = (pair: Pair): void => {
    for (const socket of [pair.client, pair.upstream]) {
      if (!pair.alive.delete(socket)) socket.terminate()
      else if (isOpen(socket)) socket.ping()
    }
  }
  const timer = setInterval(() => pairs.forEach(check), limits.pingMillis)

  const open = (upstream: Upstream, request: IncomingMessage): WebSocket => {
    const headers = Headers.ofRequest(request.headers, addressOf(request), by)
    for (const name of Object.keys(headers)) if (ofHandshake.test(name)) delete headers[name]
    const protocols = request.headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? []
    return new WebSocket(upstream.url.replace(/^http/, "ws") + (request.url ?? "/"), protocols, {
      headers,
      handshakeTimeout: limits.passHeadMillis,
      perMessageDeflate: false,
      maxPayload: upstreamMessageMax,
      followRedirects: false
    })
  }

  const connect = (to: Upstreams, tried: Set<Upstream>, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const target = to.pick(tried)
    if (target === undefined) {
      entering--
      return Sockets.refuse(request, socket, unreachable(to.retryAfter()))
    }
    const upstream = open(target, request)
    let isDecided = false
    const connecting = setTimeout(() => upstream.terminate(), limits.passConnectMillis + limits.passHeadMillis)
    const gone = () => upstream.terminate()
    const decide = (): boolean => {
      const isFirst = !isDecided
      isDecided = true
      clearTimeout(connecting)
      socket.off("close", gone)
      return isFirst
    }
    socket.once("close", gone)
    upstream.once("open", () => {
      if (!decide()) return
      to.answered(target)
      entering--
      if (socket.destroyed) return upstream.terminate()
      server.handleUpgrade(request, socket, head, (client) => join(client, upstream))
    })
    upstream.once("unexpected-response", (_, from) => {
      if (!decide()) return
      to.answered(target)
      entering--
      relayRefusal(from, request, socket)
    })
    upstream.on("error", () => {
      if (!decide()) return
      if (socket.destroyed) return void entering--
      to.failed(target)
      tried.add(target)
      connect(to, tried, request, socket, head)
    })
  }

  const unfollow = Counters.follow(Metrics.streams, () => pairs.size)
  return {
    pass: (to, request, socket, head) => {
      socket.on("error", () => socket.destroy())
      if (request.headers[Headers.passedBy] !== undefined) return Sockets.refuse(request, socket, loop)
      if (pairs.size + entering >= limits.socketsMax) return Sockets.refuse(request, socket, unavailable())
      entering++
      connect(to, new Set(), request, socket, head)
    },
    closeAll: () => {
      for (const { client, upstream } of pairs) {
        if (isOpen(client)) client.close(Client.closeCodes.restart, "restart")
        upstream.close(Client.closeCodes.goingAway)
      }
    },
    close: () => {
      clearInterval(timer)
      unfollow()
      for (const { client, upstream } of pairs) {
        client.terminate()
        upstream.terminate()
      }
    },
    size: () => pairs.size
  }
}
