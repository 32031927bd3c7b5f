/** The WebSocket side of the front: lets clients in, and leads their events to them until they go. */
import { Cause, Effect, Exit, type Scope } from "effect"
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import type { Deps } from "../Deps.ts"
import { badRequest, unavailable } from "../http/Errors.ts"
import type { StreamCheck } from "../Invalidations.ts"
import * as Marks from "../read/Marks.ts"
import * as Client from "./Client.ts"
import * as Clients from "./Clients.ts"
import * as LiveEvents from "./LiveEvents.ts"
import * as Messages from "./Messages.ts"
import * as People from "./People.ts"
import * as Upgrade from "./Upgrade.ts"

/** Longest message from a client, in bytes. */
const messageBytesMax = 4_096

const makeSockets = () =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    // Whatever the client named must come back, or browsers give up.
    handleProtocols: (protocols) => protocols.values().next().value ?? false
  })

/** One set of listeners for all sockets: a socket's own state is its client. */
const listenersOf = (onGone: (client: Client.Client) => void, bufferMax: number) => ({
  message: function(this: WebSocket, data: RawData, isBinary: boolean): void {
    const client = Client.ownerOf(this)
    if (client !== undefined && !isBinary) Messages.receive(client, String(data), bufferMax)
  },
  pong: function(this: WebSocket): void {
    const client = Client.ownerOf(this)
    if (client !== undefined) client.alive = true
  },
  close: function(this: WebSocket): void {
    const client = Client.ownerOf(this)
    if (client !== undefined) onGone(client)
  },
  error: function(this: WebSocket): void {
    this.terminate()
  }
})

/** Serves upgrades of `server` until the scope closes; then every client is told to come back. */
export const serve = (server: Server, deps: Deps): Effect.Effect<StreamCheck, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { limits } = deps.settings
    const run = Effect.runCallbackWith(yield* Effect.context<never>())
    const sockets = makeSockets()
    const people = People.make()
    const clients = yield* Clients.make(deps.tokens, limits.pingMillis)
    const events = yield* LiveEvents.make(deps.calls, deps.settings.frontId, {
      people,
      hydration: deps.hydration,
      marks: yield* Marks.make(deps.posts),
      shunned: deps.shunned,
      bufferMax: limits.socketBufferMax
    })
    /** Upgrades not finished yet count against the limit too. */
    let entering = 0

    const listeners = listenersOf((client) => {
      if (!clients.all.delete(client)) return
      const person = People.remove(people, client)
      if (person !== undefined) run(events.disconnect(person))
    }, limits.socketBufferMax)

    const enter = (socket: WebSocket, person: People.Person, { identity, stream }: Upgrade.Admitted): void => {
      const client: Client.Client = { socket, account: person.account, tokenHash: identity.tokenHash, user: false, alive: true }
      Client.own(client)
      socket.on("message", listeners.message)
      socket.on("pong", listeners.pong)
      socket.on("close", listeners.close)
      socket.on("error", listeners.error)
      clients.all.add(client)
      People.add(person, client)
      if (stream !== undefined) Messages.choose(client, stream, true)
    }

    /** The stream opens when the person's shard knows of them: nothing that happens from then on is missed. */
    const admit = (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      Effect.flatMap(Upgrade.admit(deps.tokens, request), (admitted) => {
        const person = People.expect(people, admitted.identity.account!)
        return events.connect(person).pipe(
          Effect.andThen(Effect.sync(() =>
            sockets.handleUpgrade(request, socket, head, (webSocket) => enter(webSocket, person, admitted)))),
          Effect.ensuring(Effect.suspend(() => People.settle(people, person) ? events.disconnect(person) : Effect.void))
        )
      })

    const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
      socket.on("error", () => socket.destroy())
      const refuse = (error: Upgrade.Refusal) => socket.end(Upgrade.refusal(error))
      if (deps.isDraining() || clients.all.size + entering >= limits.socketsMax) return void refuse(unavailable())
      entering++
      run(admit(request, socket, head), {
        onExit: (exit) => {
          entering--
          if (Exit.isFailure(exit)) refuse(refusalOf(exit.cause))
        }
      })
    }

    server.on("upgrade", onUpgrade)
    yield* Effect.addFinalizer(() => clients.closeAll)
    return clients.check
  })

const refusalOf = (cause: Cause.Cause<Upgrade.Refusal>): Upgrade.Refusal => {
  const error = Cause.findErrorOption(cause)
  return error._tag === "Some" ? error.value : badRequest("The request could not be read")
}
