/** The stream of the own datacenter and its readers' consumers: made, kept up, made again when they were wiped, and written to. */
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType
} from "@nats-io/jetstream"
import { nanos, type NatsConnection, TimeoutError } from "@nats-io/transport-node"
import * as Logs from "@rookery/observe/Logs"
import { linkMessages } from "@rookery/observe/Metrics"
import { Effect, Schedule, type Scope } from "effect"
import { LinkError, type Parcel } from "../Links.ts"
import { inFlightMax } from "../linkBounds.ts"
import * as linkNames from "./linkNames.ts"

export interface StreamOptions {
  readonly ackMillis: number
  /** Messages older than this are gone for who has not taken them; repair finds what they said. */
  readonly keepMillis: number
  /** Beyond it the oldest go first. */
  readonly bytesMax: number
}

export const streamDefaults = { keepMillis: 72 * 3_600_000, bytesMax: 2 * 1_024 ** 3 }

/** Milliseconds. */
const callMillisMax = 5_000
const lookMillis = 5_000
const duplicateWindowMillis = 300_000

/** Publishes that wait for their acknowledgement at once. */
const publishesAtOnce = 64

const fail = (reason: string) => (cause: unknown) => new LinkError({ reason, cause })

const makeStream = async (manager: JetStreamManager, options: StreamOptions): Promise<void> => {
  const config = {
    subjects: [...linkNames.streamSubjects],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    max_age: nanos(options.keepMillis),
    max_bytes: options.bytesMax,
    duplicate_window: nanos(Math.min(duplicateWindowMillis, options.keepMillis))
  }
  const found = await manager.streams.info(linkNames.stream).catch((cause: unknown) => {
    if (cause instanceof JetStreamApiError && cause.status === 404) return undefined
    throw cause
  })
  if (found === undefined) await manager.streams.add({ name: linkNames.stream, ...config })
  else if (found.config.max_age !== config.max_age || found.config.max_bytes !== config.max_bytes) {
    await manager.streams.update(linkNames.stream, config)
  }
}

/** Readers cannot make consumers: so none can take what is for another, or keep it from the other. */
const makeConsumers = async (manager: JetStreamManager, reader: string, options: StreamOptions): Promise<void> => {
  for (const { filter, name } of linkNames.consumers(reader)) {
    await manager.consumers.add(linkNames.stream, {
      durable_name: name,
      filter_subject: filter,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(options.ackMillis),
      max_ack_pending: inFlightMax
    })
  }
}

export interface OwnStream {
  readonly send: (parcels: ReadonlyArray<Parcel>) => Effect.Effect<void, LinkError>
}

/** `connection` is the owner's. What is missing at the start is made as soon as the server can. */
export const make = (
  connection: NatsConnection,
  readers: ReadonlyArray<string>,
  options: StreamOptions
): Effect.Effect<OwnStream, LinkError, Scope.Scope> =>
  Effect.gen(function*() {
    const manager = yield* Effect.tryPromise({
      try: () => jetstreamManager(connection, { checkAPI: false, timeout: callMillisMax }),
      catch: fail("JetStream cannot be used")
    })
    const client = jetstream(connection, { timeout: callMillisMax })
    const ensure = Effect.tryPromise({
      try: async () => {
        await makeStream(manager, options)
        for (const reader of readers) await makeConsumers(manager, reader, options)
      },
      catch: fail("the stream of this datacenter cannot be made")
    })
    yield* ensure.pipe(
      Effect.catchCause((cause) => Effect.logWarning(Logs.names.linkBroken, cause)),
      Effect.repeat(Schedule.jittered(Schedule.spaced(lookMillis))),
      Effect.forkScoped
    )

    const publish = (parcel: Parcel) =>
      Effect.tryPromise({
        try: () => {
          const subject = parcel.to._tag === "All" ? linkNames.toAll : linkNames.toOne(parcel.to.datacenter)
          return client.publish(subject, parcel.data, { msgID: parcel.id, timeout: callMillisMax })
        },
        catch: fail("the message was not taken")
      })
    const publishAll = (parcels: ReadonlyArray<Parcel>) =>
      Effect.forEach(parcels, publish, { concurrency: publishesAtOnce, discard: true })
    return {
      // A stream that was wiped is made again at once, by whoever notices first. A server that is silent is not asked again.
      send: (parcels) =>
        publishAll(parcels).pipe(
          Effect.catch((error) =>
            error.cause instanceof TimeoutError ? Effect.fail(error) : Effect.andThen(ensure, publishAll(parcels))
          ),
          Effect.tap(() => Effect.sync(() => void (linkMessages.at("out").value += parcels.length)))
        )
    }
  })
