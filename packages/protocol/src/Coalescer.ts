/**
 * Many requests to few receivers: at most `inFlightMax` messages are under way to each key, and what is asked
 * meanwhile travels together in the next one. Nothing waits for a timer: with `gather`, a message leaves at the end of
 * the turn of the event loop, so that what arrived in the same turn shares it.
 */
import { Effect, Exit } from "effect"

export interface Options<K, A, B, E> {
  readonly inFlightMax: number
  /** Requests in one message, at most. */
  readonly batchMax: number
  /** Requests waiting for one key, at most; one more is refused with `full`. */
  readonly waitingMax: number
  readonly full: (key: K) => E
  readonly gather?: boolean
  /** Answers in the order of `items`, one each; a failure is every asker's. */
  readonly send: (key: K, items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<B>, E>
}

export interface Coalescer<K, A, B, E> {
  /** Interrupting it gives up the answer; the message is sent or not all the same. */
  readonly request: (key: K, item: A) => Effect.Effect<B, E>
  /** Requests that wait or are under way. */
  readonly pending: () => number
}

interface Waiting<A, B, E> {
  readonly item: A
  resume: ((effect: Effect.Effect<B, E>) => void) | undefined
}

interface Lane<A, B, E> {
  waiting: Array<Waiting<A, B, E>>
  inFlight: number
  /** A send is to come at the end of this turn. */
  isGathering: boolean
}

/** Messages run on fibers of their own, so that one asker's end does not end the others'; bound `send` by a timeout. */
export const make = <K, A, B, E>(options: Options<K, A, B, E>): Effect.Effect<Coalescer<K, A, B, E>> =>
  Effect.map(Effect.context<never>(), (services) => {
    const run = Effect.runCallbackWith(services)
    const lanes = new Map<K, Lane<A, B, E>>()
    let pending = 0

    const settle = (batch: ReadonlyArray<Waiting<A, B, E>>, exit: Exit.Exit<ReadonlyArray<B>, E>): void => {
      pending -= batch.length
      for (let i = 0; i < batch.length; i++) {
        const resume = batch[i]!.resume
        if (resume === undefined) continue
        if (Exit.isSuccess(exit)) resume(Effect.succeed(exit.value[i]!))
        else resume(Effect.failCause(exit.cause))
      }
    }
    const send = (key: K, lane: Lane<A, B, E>): void => {
      while (lane.inFlight < options.inFlightMax && lane.waiting.length > 0) {
        const batch = lane.waiting.length <= options.batchMax ? lane.waiting : lane.waiting.slice(0, options.batchMax)
        lane.waiting = batch === lane.waiting ? [] : lane.waiting.slice(batch.length)
        lane.inFlight++
        run(options.send(key, batch.map((waiting) => waiting.item)), {
          onExit: (exit) => {
            lane.inFlight--
            settle(batch, exit)
            send(key, lane)
          }
        })
      }
      if (lane.inFlight === 0 && !lane.isGathering && lanes.get(key) === lane) lanes.delete(key)
    }
    const gather = (key: K, lane: Lane<A, B, E>): void => {
      if (lane.isGathering || lane.inFlight >= options.inFlightMax) return
      lane.isGathering = true
      setImmediate(() => {
        lane.isGathering = false
        send(key, lane)
      })
    }
    const laneOf = (key: K): Lane<A, B, E> => {
      const known = lanes.get(key)
      if (known !== undefined) return known
      const lane: Lane<A, B, E> = { waiting: [], inFlight: 0, isGathering: false }
      lanes.set(key, lane)
      return lane
    }

    return {
      pending: () => pending,
      request: (key, item) =>
        Effect.callback<B, E>((resume) => {
          const lane = laneOf(key)
          if (lane.waiting.length >= options.waitingMax) {
            resume(Effect.fail(options.full(key)))
            return
          }
          const waiting: Waiting<A, B, E> = { item, resume }
          lane.waiting.push(waiting)
          pending++
          if (options.gather === true) gather(key, lane)
          else send(key, lane)
          return Effect.sync(() => {
            waiting.resume = undefined
          })
        })
    }
  })
