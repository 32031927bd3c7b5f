/** The WebSocket side of the front: sockets in, their people, their events, and their end. */
import * as Logs from "@rookery/observe/Logs"
import * as Counters from "@rookery/observe/Counters"
import * as Metrics from "@rookery/observe/Metrics"
import { Cause, Effect, Exit, type Scope } from "effect"
import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import type { Deps } from "../Deps.ts"
import { type ApiError, badRequest, unavailable } from "../http/Errors.ts"
import * as Marks from "../read/Marks.ts"
import * as Client from "./Client.ts"
import * as LiveEvents from "./LiveEvents.ts"
import * as Messages from "./Messages.ts"
import * as People from "./People.ts"
import * as Upgrade from "./Upgrade.ts"

export interface Live {
  /** Closes the streams that were opened with a token. */
  readonly recheckToken: (tokenHash: string) => void
  /** Closes the streams of an account that may not act any more. */
  readonly recheckAccount: (account: bigint) => void
}

/** Longest message from a client, in bytes. */
const messageBytesMax = 4_096

/** How long clients have to answer a close, in milliseconds. */
const closeMillis = 1_000

const makeSockets = () =>
  new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    // Whatever the client named must come back, or browsers give up.
    handleProtocols: (protocols) => protocols.values().next().value ?? false
  })

/** Serves upgrades of `server` until the scope closes; then every client is told to come back. */
export const serve = (server: Server, deps: Deps): Effect.Effect<Live, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { limits } = deps.settings
    const services = yield* Effect.context<never>()
    const run = Effect.runCallbackWith(services)
    const sockets = makeSockets()
    const people = People.make()
    const clients = new Set<Client.Client>()
    /** Upgrades not finished yet count too. */
    let entering = 0
    const marks = yield* Marks.make(deps.posts)
    const events = yield* LiveEvents.make(deps.calls, deps.settings.frontId, {
      people,
      hydration: deps.hydration,
      marks,
      shunned: deps.shunned,
      bufferMax: limits.socketBufferMax
    })

    function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
      const client = Client.ownerOf(this)
      if (client !== undefined && !isBinary) Messages.receive(client, data.toString(), limits.socketBufferMax)
    }
    function onPong(this: WebSocket): void {
      const client = Client.ownerOf(this)
      if (client !== undefined) client.alive = true
    }
    function onClose(this: WebSocket): void {
      const client = Client.ownerOf(this)
      if (client === undefined || !clients.delete(client)) return
      const person = People.remove(people, client)
      if (person !== undefined) run(events.disconnect(person))
    }
    function onError(this: WebSocket): void {
      this.terminate()
    }

    const enter = (socket: WebSocket, person: People.Person, { identity, stream }: Upgrade.Admitted): void => {
      const client: Client.Client = { socket, account: person.account, tokenHash: identity.tokenHash, user: false, alive: true }
      Client.own(client)
      socket.on("message", onMessage)
      socket.on("pong", onPong)
      socket.on("close", onClose)
      socket.on("error", onError)
      clients.add(client)
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
      const refuse = (error: Parameters<typeof Upgrade.refusal>[0]) => socket.end(Upgrade.refusal(error))
      if (deps.isDraining() || clients.size + entering >= limits.socketsMax) return void refuse(unavailable())
      entering++
      run(admit(request, socket, head), {
        onExit: (exit) => {
          entering--
          if (Exit.isFailure(exit)) refuse(refusalOf(exit.cause))
        }
      })
    }

    const sweep = (): void => {
      for (const client of clients) {
        if (!client.alive) client.socket.terminate()
        else {
          client.alive = false
          client.socket.ping()
        }
      }
    }

    const closeAll = Effect.suspend(() => {
      for (const client of clients) Client.drop(client, Client.closeCodes.restart, "restart")
      return clients.size === 0 ? Effect.void : Effect.andThen(
        Effect.sleep(closeMillis),
        Effect.sync(() => clients.forEach((client) => client.socket.terminate()))
      )
    })

    const unfollow = Counters.follow(Metrics.streams, () => clients.size)
    const timer = setInterval(sweep, limits.pingMillis)
    server.on("upgrade", onUpgrade)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        clearInterval(timer)
        unfollow()
      }).pipe(Effect.andThen(closeAll))
    )

    const dropDisabled = (account: bigint) =>
      Effect.map(deps.accounts.byIds([account as never]), ([row]) => {
        if (row !== undefined && row.disabledAt === null) return
        for (const client of clients) if (client.account.id === account) Client.drop(client, Client.closeCodes.policy, "disabled")
      }).pipe(Effect.catch((error) => Effect.logWarning(Logs.names.streamDropped, error)))

    return {
      recheckToken: (tokenHash) => {
        for (const client of clients) if (client.tokenHash === tokenHash) Client.drop(client, Client.closeCodes.policy, "revoked")
      },
      recheckAccount: (account) => {
        for (const client of clients) if (client.account.id === account) return void run(dropDisabled(account))
      }
    }
  })

const refusalOf = (cause: Cause.Cause<ApiError | Parameters<typeof Upgrade.refusal>[0]>) => {
  const error = Cause.findErrorOption(cause)
  return error._tag === "Some" ? error.value : badRequest("The request could not be read")
}
