/** The streaming side of the front: streams in, their people, their events, and their end. */
import * as Counters from "@rookery/observe/Counters"
import * as Metrics from "@rookery/observe/Metrics"
import { Effect, type Scope } from "effect"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { Deps } from "../Deps.ts"
import { farHomeOf } from "../home/World.ts"
import type { StreamCheck } from "../Invalidations.ts"
import * as Marks from "../read/Marks.ts"
import * as Client from "./Client.ts"
import type * as Streams from "./Streams.ts"
import * as EventStreams from "./EventStreams.ts"
import * as LiveEvents from "./LiveEvents.ts"
import * as NoticeRows from "./NoticeRows.ts"
import * as People from "./People.ts"
import * as Recheck from "./Recheck.ts"
import * as Sockets from "./Sockets.ts"
import * as TopicStreams from "./TopicStreams.ts"
import * as Subscriptions from "./Subscriptions.ts"

type TakesUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean

export interface Live {
  /** Takes a request that opens an event stream; false for any other. */
  readonly takes: (request: IncomingMessage, response: ServerResponse) => boolean
  /**
   * Takes the upgrades of a server, but for those that `takesFirst` takes, until the scope closes; then every stream is
   * told to come back.
   */
  readonly attach: (server: Server, takesFirst?: TakesUpgrade) => Effect.Effect<void, never, Scope.Scope>
  /** Looks at tokens of open streams again. */
  readonly check: StreamCheck
}

/** How long clients have to answer a close, in milliseconds. */
const closeMillis = 1_000

const makeClients = (deps: Deps, marks: Marks.Marks) =>
  Effect.gen(function*() {
    const { limits } = deps.settings
    const people = People.make()
    const events = yield* LiveEvents.make(deps.calls, deps.settings.frontId, {
      people,
      hydration: deps.hydration,
      reader: deps.reader,
      notices: yield* NoticeRows.make(deps.notifications),
      shunned: deps.shunned,
      marks,
      bufferMax: limits.socketBufferMax
    })
    const runCallback = Effect.runCallbackWith(yield* Effect.context<never>())
    const run = (effect: Effect.Effect<void>) => void runCallback(effect)
    const open = new Set<Client.Client>()
    const check = Recheck.make(open, deps.tokens, run)
    const clients: Streams.Streams = {
      open,
      entering: 0,
      people,
      subscriptions: Subscriptions.make(),
      limits,
      events,
      run,
      recheck: check.one
    }
    return { clients, check }
  })

/** Tells every stream to come back, and ends those that do not listen. */
const closeAll = ({ open }: Streams.Streams) =>
  Effect.suspend(() => {
    for (const client of open) Client.drop(client, Client.closeCodes.restart, "restart")
    return open.size === 0 ? Effect.void : Effect.andThen(
      Effect.sleep(closeMillis),
      Effect.sync(() => open.forEach(Client.terminate))
    )
  })

const attach = (clients: Streams.Streams, onUpgrade: ReturnType<typeof Sockets.onUpgrade>) => (server: Server, takesFirst: TakesUpgrade = () => false) =>
  Effect.gen(function*() {
    const unfollow = Counters.follow(Metrics.streams, () => clients.open.size)
    const timer = setInterval(() => clients.open.forEach(Client.check), clients.limits.pingMillis)
    const endings = setInterval(() => clients.open.forEach(Client.endIfClosing), closeMillis)
    server.on("upgrade", (request, socket, head) => void (takesFirst(request, socket, head) || onUpgrade(request, socket, head)))
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        clearInterval(timer)
        clearInterval(endings)
        unfollow()
      }).pipe(Effect.andThen(closeAll(clients)))
    )
  })

export const make = (deps: Deps): Effect.Effect<Live, never, Scope.Scope> =>
  Effect.gen(function*() {
    const marks = yield* Marks.make(deps.posts, deps.shunned)
    const { check, clients } = yield* makeClients(deps, marks)
    const run = Effect.runCallbackWith(yield* Effect.context<never>())
    yield* TopicStreams.listen(deps.bus, {
      people: clients.people,
      subscriptions: clients.subscriptions,
      conversations: deps.conversations,
      conversing: deps,
      hydration: deps.hydration,
      marks,
      relations: deps,
      isFar: (id) => farHomeOf(deps.world, id) !== undefined,
      bufferMax: clients.limits.socketBufferMax
    })
    const { arrivals, hydration, isDraining, notifications, posts, reader, shunned, tokens } = deps
    const { pingMillis, socketBufferMax } = clients.limits
    const resume = { arrivals, notifications, posts, hydration, reader, marks, shunned, bufferMax: socketBufferMax, slowMillisMax: pingMillis }
    return {
      takes: EventStreams.takes({ clients, tokens, resume, isDraining, run: (effect, options) => run(effect, options) }),
      attach: attach(clients, Sockets.onUpgrade(clients, tokens, isDraining, run)),
      check
    }
  })
