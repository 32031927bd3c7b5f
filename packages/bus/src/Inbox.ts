/** What one subscriber has not read yet: bounded, and honest about what it let go. Read by one stream. */
import { busMaybeLost, busMessages } from "@rookery/observe/Metrics"
import { type Cause, Effect, Queue, type Scope, Stream } from "effect"
import type { Delivery } from "./Bus.ts"

/** Messages that a subscriber may fall behind, unless it asks for another bound; each is 64 kB at most. */
export const bufferMaxDefault = 1_024

export interface Inbox {
  readonly message: (subject: string, data: Uint8Array) => void
  readonly maybeLost: (reason: LossReason) => void
  /** Ends when the inbox's scope closes. */
  readonly deliveries: Stream.Stream<Delivery>
}

export type LossReason = "reconnect" | "gap" | "full" | "broken"

const received = busMessages.at("in")

export const make = (bufferMax: number): Effect.Effect<Inbox, never, Scope.Scope> =>
  Effect.gen(function*() {
    const queue = yield* Queue.unbounded<Delivery, Cause.Done>()
    yield* Effect.addFinalizer(() => Queue.end(queue))

    /** The reader drops everything on `MaybeLost`, so nothing that came before is worth keeping. */
    const maybeLost = (reason: LossReason) => {
      busMaybeLost.at(reason).value++
      while (Queue.sizeUnsafe(queue) > 0) Queue.takeUnsafe(queue)
      Queue.offerUnsafe(queue, { _tag: "MaybeLost", reason })
    }
    const message = (subject: string, data: Uint8Array) => {
      received.value++
      if (Queue.sizeUnsafe(queue) >= bufferMax) maybeLost("full")
      Queue.offerUnsafe(queue, { _tag: "Message", subject, data })
    }
    return { message, maybeLost, deliveries: Stream.fromQueue(queue) }
  })
