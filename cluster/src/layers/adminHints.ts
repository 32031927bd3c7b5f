/**
 * What the CLI changed is told to the servers that run: over NATS to a cluster, and through Postgres to a process that is
 * alone and has its bus to itself. Hints: who misses one reads the truth when its copy is too old.
 */
import { PgClient } from "@effect/sql-pg"
import { Bus } from "@rookery/bus/Bus"
import * as BusNats from "@rookery/bus/nats/BusNats"
import { Invalidation, invalidationSubject } from "@rookery/protocol/BusMessages"
import { Effect, Layer, Queue, Schedule, Schema } from "effect"
import { PREFIX } from "./Storage.ts"

const CHANNEL = "rookery_hints"
const SEND_LIMIT = "5 seconds"

const encode = Schema.encodeSync(Schema.fromJsonString(Invalidation))

/** Never fails: what could not be told is logged. */
export const announce = (message: Invalidation, natsUrl: string | undefined) => {
  const text = encode(message)
  const overPostgres = Effect.flatMap(PgClient.PgClient, (sql) => sql.notify(CHANNEL, text))
  const overNats = (url: string) =>
    Effect.flatMap(Bus, (bus) => bus.publish(invalidationSubject, new TextEncoder().encode(text))).pipe(
      Effect.provide(BusNats.layer({ url, name: "rookery cli", prefix: PREFIX }))
    )
  return Effect.andThen(overPostgres, natsUrl === undefined ? Effect.void : overNats(natsUrl)).pipe(
    Effect.timeout(SEND_LIMIT),
    Effect.catch((error) => Effect.logWarning("the servers that run were not told; they notice within a minute", error))
  )
}

/** Hands on what the CLI says to the bus of this process. */
export const layerListener: Layer.Layer<never, never, Bus | PgClient.PgClient> = Layer.effectDiscard(Effect.gen(function*() {
  const bus = yield* Bus
  const sql = yield* PgClient.PgClient
  const listen = Effect.scoped(Effect.gen(function*() {
    const hints = yield* sql.listen(CHANNEL)
    yield* Queue.take(hints).pipe(
      Effect.flatMap(({ payload }) => bus.publish(invalidationSubject, new TextEncoder().encode(payload))),
      Effect.forever
    )
  }))
  yield* listen.pipe(
    Effect.tapError((error) => Effect.logDebug("Hints are not heard for the moment", error)),
    Effect.retry(Schedule.spaced("2 seconds")),
    Effect.forkScoped
  )
}))
