/**
 * Ids under a leased machine of the datacenter's block. The lease is renewed in the background, and at once when
 * an id needs it; a lost lease is replaced by another machine's. Nothing is minted while the lease cannot be proven.
 *
 * The time in the ids is the database's, carried on by this process' monotonic clock between renewals: so the
 * processes of a datacenter agree on it, and a wall clock that is set back or forth changes nothing.
 */
import * as IdMint from "@rookery/domain/IdMint"
import { idMintRefusals } from "@rookery/observe/Metrics"
import * as Logs from "@rookery/observe/Logs"
import { Clock, Deferred, Effect, Latch, Layer, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { IdSource, idsPerCallMax, IdsUnavailable } from "./IdSource.ts"
import * as LeaseClock from "./leases/LeaseClock.ts"
import { LeaseStore, type MachineLease } from "./LeaseStore.ts"

/** All times in milliseconds. */
export interface LeasedIdsOptions {
  /** The datacenter's machines, both inclusive. */
  readonly block: { readonly first: number; readonly last: number }
  /** Names this process in the lease row; a random part is added. */
  readonly process: string
  readonly leaseMillis: number
  /** How far above the database's time ids are reserved; how far ahead of it a clock set back can push ids. */
  readonly aheadMillis: number
  readonly renewMillis: number
  /** One call of the lease store, and one `mint`, take at most this long. */
  readonly callMillisMax: number
  readonly mintMillisMax: number
}

export const defaults = {
  leaseMillis: 10_000,
  aheadMillis: 2_000,
  renewMillis: 700,
  callMillisMax: 2_000,
  mintMillisMax: 3_000
} as const

/** The least pause after a round, in milliseconds: one that failed, and one that went well but may not have helped. */
const failedPauseMillis = 200
const pauseMillis = 10

interface State {
  readonly mint: IdMint.IdMint
  readonly clock: LeaseClock.LeaseClock
  readonly wanted: Latch.Latch
  round: Deferred.Deferred<void>
  /** Set from the first failed round to the next good one. */
  failure: IdsUnavailable["reason"] | undefined
}

const noteFailure = (state: State, reason: IdsUnavailable["reason"], cause?: unknown) =>
  Effect.suspend(() => {
    const isNew = state.failure !== reason
    state.failure = reason
    if (!isNew) return Effect.void
    const name = reason === "blockFull" ? Logs.names.leaseBlockFull : Logs.names.leaseRenewalFailed
    return cause === undefined ? Effect.logWarning(name) : Effect.logWarning(name, cause)
  })

const makeLeasing = (options: LeasedIdsOptions, state: State) =>
  Effect.gen(function*() {
    const store = yield* LeaseStore
    const holder = `${options.process}/${randomUUID()}`

    /** Runs one call of the store and takes what it grants; true when there is a lease. */
    const take = (call: Effect.Effect<MachineLease | undefined, unknown>) =>
      Effect.gen(function*() {
        const askedAt = state.clock.mark()
        const lease = yield* Effect.timeout(call, options.callMillisMax)
        if (lease === undefined) return false
        IdMint.grant(state.mint, LeaseClock.adopt(state.clock, askedAt, lease))
        state.failure = undefined
        return true
      })

    const acquire = take(store.acquire(options.block, holder, options.leaseMillis, options.aheadMillis)).pipe(
      Effect.flatMap((isLeased) =>
        isLeased
          ? Effect.logInfo(Logs.names.leaseAcquired).pipe(
            Effect.annotateLogs({ machine: state.mint.lease?.machine, holder })
          )
          : noteFailure(state, "blockFull")
      )
    )

    const replace = (machine: number) =>
      Effect.suspend(() => {
        IdMint.revoke(state.mint)
        return Effect.logWarning(Logs.names.leaseLost).pipe(Effect.annotateLogs({ machine, holder }))
      }).pipe(Effect.andThen(acquire))

    const renew = (machine: number) =>
      take(store.renew(machine, holder, options.leaseMillis, options.aheadMillis)).pipe(
        Effect.flatMap((isOurs) => isOurs ? Effect.void : replace(machine))
      )

    const round = Effect.suspend(() => state.mint.lease === undefined ? acquire : renew(state.mint.lease.machine)).pipe(
      Effect.catchCause((cause) => noteFailure(state, "leaseUnproven", cause))
    )

    const release = Effect.suspend(() =>
      state.mint.lease === undefined ? Effect.void : store.release(state.mint.lease.machine, holder)
    ).pipe(
      Effect.timeout(options.callMillisMax),
      Effect.catchCause((cause) => noteFailure(state, "leaseUnproven", cause))
    )
    return { round, release }
  })

/** One round after another: when an id needs one, otherwise every `renewMillis`. */
const keepLeased = (options: LeasedIdsOptions, state: State, round: Effect.Effect<void>) =>
  Effect.gen(function*() {
    yield* round
    yield* state.wanted.close
    yield* Deferred.succeed(state.round, undefined)
    state.round = Deferred.makeUnsafe()
    yield* Effect.sleep(state.failure === undefined ? pauseMillis : failedPauseMillis)
    yield* Effect.timeoutOption(state.wanted.await, options.renewMillis)
  }).pipe(Effect.forever)

/** Ends with the next round's end. */
const awaitRound = (state: State): Effect.Effect<void> =>
  Effect.suspend(() => Effect.andThen(state.wanted.open, Deferred.await(state.round)))

const unavailable = (state: State) =>
  Effect.suspend(() => {
    idMintRefusals.value++
    return Effect.fail(new IdsUnavailable({ reason: state.failure ?? "leaseUnproven" }))
  })

/** Mints into `ids` until there are `count`, or tells why it cannot go on. */
const fill = (state: State, ids: Array<bigint>, count: number): IdMint.Refusal | undefined => {
  while (ids.length < count) {
    const id = IdMint.next(state.mint, LeaseClock.now(state.clock))
    if (typeof id !== "bigint") return id
    ids.push(id)
  }
  return undefined
}

const makeMinting = (options: LeasedIdsOptions, state: State) => {
  const fillPatiently = (ids: Array<bigint>, count: number): Effect.Effect<Array<bigint>> =>
    Effect.suspend(() => {
      const refusal = fill(state, ids, count)
      if (refusal === undefined) return Effect.succeed(ids)
      const pause = refusal._tag === "Wait" ? Effect.sleep(refusal.millis) : awaitRound(state)
      return Effect.andThen(pause, fillPatiently(ids, count))
    })

  const mintMany = (count: number) =>
    Effect.suspend(() => {
      if (count > idsPerCallMax) return Effect.die(new RangeError(`${count} ids at once`))
      const ids: Array<bigint> = []
      if (fill(state, ids, count) === undefined) return Effect.succeed(ids)
      return Effect.timeoutOrElse(fillPatiently(ids, count), {
        duration: options.mintMillisMax,
        orElse: () => unavailable(state)
      })
    })
  return { mint: Effect.map(mintMany(1), (ids) => ids[0]!), mintMany }
}

const make = (
  options: LeasedIdsOptions
): Effect.Effect<IdSource["Service"], IdsUnavailable, LeaseStore | Scope.Scope> =>
  Effect.gen(function*() {
    const clock = LeaseClock.make(yield* Clock.Clock)
    const wanted = yield* Latch.make()
    const state: State = { mint: IdMint.make(), clock, wanted, round: Deferred.makeUnsafe(), failure: undefined }
    const { release, round } = yield* makeLeasing(options, state)
    yield* Effect.addFinalizer(() => release)
    yield* Effect.forkScoped(keepLeased(options, state, round))
    // A process that was killed holds its machine for one lease: wait that long for a block that looks full.
    yield* awaitRound(state).pipe(
      Effect.repeat({ until: () => state.mint.lease !== undefined }),
      Effect.timeoutOrElse({
        duration: options.leaseMillis + options.callMillisMax,
        orElse: () => unavailable(state)
      })
    )
    return makeMinting(options, state)
  })

/** Has a lease when it is made. Fails when there is none for one lease's time. Gives the machine back when it closes. */
export const layer = (options: LeasedIdsOptions): Layer.Layer<IdSource, IdsUnavailable, LeaseStore> =>
  Layer.effect(IdSource, make(options))
