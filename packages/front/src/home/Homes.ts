/** The other datacenters, as a front uses them: requests and streams that belong there are passed, and their questions answered. */
import { Effect } from "effect"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"
import type { Deps } from "../Deps.ts"
import * as Body from "../http/Body.ts"
import { type ClientAddress, networkOf } from "../http/ClientAddress.ts"
import { tooMany, unavailable } from "../http/Errors.ts"
import type { Elsewhere } from "../http/Handle.ts"
import type { Route } from "../http/Route.ts"
import * as Writer from "../http/Writer.ts"
import * as EventStreams from "../live/EventStreams.ts"
import * as Sockets from "../live/Sockets.ts"
import * as Pictures from "../render/Media.ts"
import * as Claims from "./Claims.ts"
import * as Destination from "./Destination.ts"
import * as PassedSockets from "./PassedSockets.ts"
import * as Passing from "./Passing.ts"
import * as Programs from "./Programs.ts"
import type * as SecretHome from "./SecretHome.ts"
import * as World from "./World.ts"

export interface Homes extends Elsewhere {
  /** Takes a request that opens an event stream of an account elsewhere; false for any other. */
  readonly takesStream: (request: IncomingMessage, response: ServerResponse) => boolean
  /** The same for WebSockets. */
  readonly takesUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean
}

/** How long clients have to answer a close, in milliseconds. */
const closeMillis = 1_000

const queryOf = (request: IncomingMessage): string => {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  return mark === -1 ? "" : url.slice(mark + 1)
}

/** The subprotocol may be the token. */
const streamHome = (world: World.World, request: IncomingMessage): SecretHome.Destination =>
  Destination.ofHead(world, request.headers, queryOf(request), request.headers["sec-websocket-protocol"]?.split(",")[0]?.trim())

/** What nobody in particular may read, too, and is here; and the page to log in on. A token in the address would be looked at here. */
const isForAnybody = (route: Route, request: IncomingMessage): boolean =>
  (request.method === "GET" || request.method === "HEAD") && route.pattern !== Pictures.path && !Body.hasBody(request) &&
  (route.access.kind === "open" || (route.access.kind === "optional" && request.headers.authorization !== undefined))

/** As for wrong passwords: addresses that nobody knows are not asked after without end. */
const admit = ({ attempts, settings: { limits } }: Deps, address: string) =>
  Effect.suspend(() => {
    const refusal = attempts.take(`elsewhere ${networkOf(address)}`, limits.loginFailuresPerAddress)
    return refusal === undefined ? Effect.void : Effect.fail(tooMany(refusal.limit, refusal.resetAt))
  })

export const make = (deps: Deps, world: World.World, addressOf: ClientAddress) =>
  Effect.gen(function*() {
    const { limits } = deps.settings
    const run = Effect.runCallbackWith(yield* Effect.context<never>())
    const passing = Passing.make({ world, limits, addressOf, run: (effect, options) => run(effect, options) })
    const sockets = PassedSockets.make({ limits, addressOf, by: World.nameOf(world, world.datacenters.own) })
    yield* Effect.addFinalizer(() => Effect.sync(() => {
      sockets.close()
      passing.close()
    }))
    yield* Claims.serve({ claims: deps.claims, world })
    yield* Programs.serve(deps, world)

    const homes: Homes = {
      takes: (route, request, response, rawQuery, { asNobody, done }) => {
        const home = Destination.ofRoute(world, route, request, rawQuery)
        if (home === undefined) return false
        passing.pass(home, request, response, { isStream: false, done, orElse: isForAnybody(route, request) ? asNobody : undefined })
        return true
      },
      answers: (route, request, fields, body) => {
        const asked = { accounts: deps.accounts, world, admit: admit(deps, addressOf(request)) }
        return Effect.flatMap(Destination.ofFields(asked, route, request.headers, fields), (home) =>
          home === undefined ? Effect.succeed(undefined) : passing.exchange(home, request, body))
      },
      takesStream: (request, response) => {
        const home = EventStreams.isStream(request) ? streamHome(world, request) : undefined
        if (home === undefined) return false
        if (deps.isDraining()) Writer.error(response, unavailable(), false)
        else passing.pass(home, request, response, { isStream: true, done: () => {}, orElse: undefined })
        return true
      },
      takesUpgrade: (request, socket, head) => {
        const home = streamHome(world, request)
        if (home === undefined) return false
        if (deps.isDraining()) Sockets.refuse(request, socket, unavailable())
        else sockets.pass(passing.upstreams(home), request, socket, head)
        return true
      }
    }
    /** Streams are told to come back before the server waits for requests to end. */
    const drain = Effect.suspend(() => {
      passing.closeStreams()
      sockets.closeAll()
      return sockets.size() === 0 ? Effect.void : Effect.sleep(closeMillis)
    })
    return { homes, drain }
  })
