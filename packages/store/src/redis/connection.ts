/** A connection to Redis that fails fast while the server is away, and comes back by itself. */
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

/** Says once when Redis goes and when it is back: the client itself reports every attempt. */
const watch = (redis: Redis) =>
  Effect.map(Effect.context<never>(), (context) => {
    const say = Effect.runForkWith(context)
    let isAway = false
    const away = (error: unknown): void => {
      if (!isAway) say(Effect.logWarning(`Redis is away; timelines load from Postgres meanwhile (${String(error)})`))
      isAway = true
    }
    redis.on("error", away)
    redis.on("ready", () => {
      if (isAway) say(Effect.logInfo("Redis is back"))
      isAway = false
    })
    return away
  })

/** Waits for the first connection as long as one attempt takes; a Redis that is away is reconnected to in the background. */
const connect = (redis: Redis) =>
  Effect.flatMap(watch(redis), (away) =>
    Effect.tryPromise({ try: () => redis.connect(), catch: (cause) => cause }).pipe(
      Effect.timeout(connectMillisMax),
      Effect.catch((error) => Effect.sync(() => away(error)))
    ))

/** Until the scope closes. */
export const acquire = (settings: Connection) =>
  Effect.acquireRelease(
    Effect.sync(() => open(settings)),
    (redis) => Effect.sync(() => redis.disconnect())
  ).pipe(Effect.tap(connect))

export const attempt = <A>(operation: string, run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new StoreError({ operation, cause }) })

type Replies = Awaited<ReturnType<ReturnType<Redis["pipeline"]>["exec"]>>

/** Fails with the first reply that is an error. */
export const settled = (replies: Replies): ReadonlyArray<unknown> => {
  if (replies === null) throw new Error("the transaction was not run")
  return replies.map(([error, reply]) => {
    if (error) throw error
    return reply
  })
}
