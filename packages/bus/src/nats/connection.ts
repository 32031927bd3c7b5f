/** A connection to NATS as all of ours are: it reconnects for ever, and its late writes harm nobody. */
import { connect, type NatsConnection } from "@nats-io/transport-node"
import * as Logs from "@rookery/observe/Logs"
import { Effect, type Scope } from "effect"
import * as EndedSockets from "./endedSockets.ts"

export interface ConnectionOptions {
  /** `nats://host:port`, also several separated by commas; `user:password@` in the first holds for all. */
  readonly url: string
  /** Shown by the server. */
  readonly name: string
  /** Over what the address says. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** Paths of PEM files. */
  readonly tls?: { readonly ca?: string | undefined; readonly cert?: string | undefined; readonly key?: string | undefined } | undefined
  readonly inboxPrefix?: string | undefined
}

/** Milliseconds. */
const connectMillisMax = 5_000
const closeMillisMax = 2_000
export const reconnectWaitMillis = 250
const pingMillis = 5_000

/** The client takes addresses without users. */
const split = (url: string) => {
  const found = /^([a-z+-]+:\/\/)?([^/@]*)@/i.exec(url)
  const [user, password] = (found?.[2] ?? "").split(":").map(decodeURIComponent)
  return {
    servers: url.split(",").map((server) => server.replace(/^([a-z+-]+:\/\/)?[^/@]*@/i, "$1")),
    user: user === "" ? undefined : user,
    password
  }
}

const tlsOf = (tls: ConnectionOptions["tls"]) =>
  tls === undefined ? {} : {
    tls: {
      ...(tls.ca === undefined ? {} : { caFile: tls.ca }),
      ...(tls.cert === undefined ? {} : { certFile: tls.cert }),
      ...(tls.key === undefined ? {} : { keyFile: tls.key })
    }
  }

const open = (options: ConnectionOptions): Promise<NatsConnection> => {
  const { password, servers, user } = split(options.url)
  const login = { user: options.user ?? user, pass: options.password ?? password }
  return connect({
    servers,
    name: options.name,
    timeout: connectMillisMax,
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectWaitMillis,
    reconnectJitter: reconnectWaitMillis,
    pingInterval: pingMillis,
    // A server that comes back may not know its users yet.
    ignoreAuthErrorAbort: true,
    ...(login.user === undefined ? {} : { user: login.user, pass: login.pass ?? "" }),
    ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
    ...tlsOf(options.tls)
  })
}

const close = (connection: NatsConnection) =>
  Effect.tryPromise(() => connection.close()).pipe(
    Effect.timeout(closeMillisMax),
    Effect.catchCause((cause) => Effect.logWarning(Logs.names.busLost, cause))
  )

/** Fails, with what the client said, when the first connection fails; closes with the scope. */
export const make = <E>(
  options: ConnectionOptions,
  fail: (cause: unknown) => E
): Effect.Effect<NatsConnection, E, Scope.Scope> =>
  Effect.acquireRelease(Effect.tryPromise({ try: () => open(options), catch: fail }), close).pipe(
    Effect.tap((connection) =>
      EndedSockets.guard(connection) ? Effect.void : Effect.logWarning("the NATS client is not the one that was tested")
    )
  )
