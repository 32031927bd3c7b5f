/** WebSockets: their upgrade, what they say, and their end. */
import { Cause, Effect, Exit } from "effect"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import { badRequest, unavailable } from "../http/Errors.ts"
import type { Tokens } from "../oauth/Tokens.ts"
import * as Client from "./Client.ts"
import * as Streams from "./Streams.ts"
import * as Messages from "./Messages.ts"
import * as People from "./People.ts"
import * as Upgrade from "./Upgrade.ts"

/** Longest message from a client, in bytes. */
const messageBytesMax = 4_096

const makeServer = () =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    // Whatever the client named must come back, or browsers give up.
    handleProtocols: (protocols) => protocols.values().next().value ?? false
  })

type Refusable = Parameters<typeof Upgrade.refusal>[0]

const refusalOf = (cause: Cause.Cause<Refusable>): Refusable => {
  const error = Cause.findErrorOption(cause)
  return error._tag === "Some" ? error.value : badRequest("The request could not be read")
}

/** Answers instead of upgrading. What else the client sends is read away: unread, it would keep the connection for good. */
export const refuse = (request: IncomingMessage, socket: Duplex, error: Refusable): void => {
  socket.resume()
  socket.end(Upgrade.refusal(error, request.method), () => socket.destroy())
}

/** The listener for upgrades of a server. */
export const onUpgrade = (
  clients: Streams.Streams,
  tokens: Tokens,
  isDraining: () => boolean,
  run: (effect: Effect.Effect<void, Refusable>, options: { onExit: (exit: Exit.Exit<void, Refusable>) => void }) => unknown
) => {
  const server = makeServer()
  const { people } = clients

  // One function each for all sockets: a closure for each would double what an idle one costs.
  function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
    const client = Client.ownerOf(this)
    if (client === undefined || isBinary) return
    Messages.receive(clients.subscriptions, client, data.toString(), clients.limits.socketBufferMax)
  }
  function onPong(this: WebSocket): void {
    const client = Client.ownerOf(this)
    if (client !== undefined) client.alive = true
  }
  function onClose(this: WebSocket): void {
    const client = Client.ownerOf(this)
    if (client !== undefined) Streams.leave(clients, client)
  }
  function onError(this: WebSocket): void {
    this.terminate()
  }

  const enter = (socket: WebSocket, person: People.Person, { identity, stream }: Upgrade.Admitted): void => {
    const client = Streams.enter(clients, socket, person, identity)
    socket.on("message", onMessage)
    socket.on("pong", onPong)
    socket.on("close", onClose)
    socket.on("error", onError)
    if (stream !== undefined) Messages.start(clients.subscriptions, client, stream)
  }

  /** The stream opens when the person's shard knows of them: nothing that happens from then on is missed. */
  const admit = (request: IncomingMessage, socket: Duplex, head: Buffer): Effect.Effect<void, Refusable> =>
    Effect.flatMap(Upgrade.admit(tokens, request), (admitted) => {
      const person = People.expect(people, admitted.identity.account!)
      return clients.events.connect(person).pipe(
        Effect.andThen(Effect.sync(() =>
          server.handleUpgrade(request, socket, head, (webSocket) => enter(webSocket, person, admitted)))),
        Effect.ensuring(Effect.suspend(() => People.settle(people, person) ? clients.events.disconnect(person) : Effect.void))
      )
    })

  // What is wrong with the handshake itself is found late, and would be answered by the library in its own words.
  server.on("wsClientError", (error: Error, socket: Duplex, request: IncomingMessage) =>
    refuse(request, socket, badRequest(error.message)))

  return (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy())
    if (isDraining() || Streams.isFull(clients)) return refuse(request, socket, unavailable())
    clients.entering++
    run(admit(request, socket, head), {
      onExit: (exit) => {
        clients.entering--
        if (Exit.isFailure(exit)) refuse(request, socket, refusalOf(exit.cause))
      }
    })
  }
}
