/** A connection to Redis that fails fast while the server is away, and comes back by itself. */
import * as Outages from "@rookery/observe/Outages"
import { Effect, Redacted } from "effect"
import { Redis } from "ioredis"
import { StoreError } from "../StoreError.ts"

export interface Connection {
  /** `redis://host:port/database`. */
  readonly url: Redacted.Redacted
}

const commandMillisMax = 2_000
const connectMillisMax = 2_000
const reconnectMillisMax = 1_000

const open = (settings: Connection): Redis =>
  new Redis(Redacted.value(settings.url), {
    lazyConnect: true,
    connectTimeout: connectMillisMax,
    commandTimeout: commandMillisMax,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(reconnectMillisMax, 20 * 2 ** Math.min(attempt, 10))
  })

/** Why a connection is gone: commands that are refused meanwhile say only that there is none. */
const reasons = new WeakMap<Redis, Error>()

/** The client reports every attempt; whoever watches Redis says it once. */
const doubt = (): void => Outages.doubt("Redis")

/** Waits for the first connection as long as one attempt takes; a Redis that is away is reconnected to in the background. */
const connect = (redis: Redis) =>
  Effect.suspend(() => {
    redis.on("error", (reason) => {
      reasons.set(redis, reason)
      doubt()
    })
    redis.on("ready", () => reasons.delete(redis))
    return Effect.tryPromise({ try: () => redis.connect(), catch: (cause) => cause })
  }).pipe(
    Effect.timeout(connectMillisMax),
    Effect.catch(() => Effect.sync(doubt))
  )

/** Until the scope closes. */
export const acquire = (settings: Connection) =>
  Effect.acquireRelease(
    Effect.sync(() => open(settings)),
    (redis) => Effect.sync(() => redis.disconnect())
  ).pipe(Effect.tap(connect))

export const attempt = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new StoreError({ operation, cause }) })

/** Whether the server answers; a failure says why there is no connection. */
export const ping = (operation: string, redis: Redis): Effect.Effect<void, StoreError> =>
  Effect.tryPromise({
    try: () => redis.ping(),
    catch: (cause) => new StoreError({ operation, cause: reasons.get(redis) ?? cause })
  }).pipe(Effect.asVoid)

type Replies = Awaited<ReturnType<ReturnType<Redis["pipeline"]>["exec"]>>

/** Fails with the first reply that is an error. */
export const settled = (replies: Replies): ReadonlyArray<unknown> => {
  if (replies === null) throw new Error("the transaction was not run")
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}
