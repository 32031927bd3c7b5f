/** The port to other processes: best-effort publish and subscribe, with loss made visible. */
import { Context, type Effect, Schema, type Scope, type Stream } from "effect"

export class BusError extends Schema.TaggedError<BusError>()("BusError", { cause: Schema.Defect() }) {}

/** A message, or the news that some may have been lost (a reconnect, a gap in the sender's numbers, a full buffer): then drop what depends on them. */
export type Delivery =
  | { readonly _tag: "Message"; readonly subject: string; readonly data: Uint8Array }
  | { readonly _tag: "MaybeLost"; readonly reason: string }

export class Bus extends Context.Service<Bus, {
  /** Sends to every current subscriber of `subject`, this process included. Fails when the bus is unreachable; never waits for subscribers. Data up to 64 kB. */
  readonly publish: (subject: string, data: Uint8Array) => Effect.Effect<void, BusError>
  /** Registered when the effect ends; a subscriber that falls `bufferMax` behind gets `MaybeLost` and goes on. */
  readonly subscribe: (
    subject: string,
    options?: { readonly bufferMax?: number }
  ) => Effect.Effect<Stream.Stream<Delivery>, BusError, Scope.Scope>
  /** Fails while the bus is unreachable. */
  readonly ping: Effect.Effect<void, BusError>
}>()("rookery/bus/Bus") {}
