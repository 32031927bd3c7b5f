/**
 * A cache with one load per cold key, however many ask: all keys that are missing meanwhile travel in one query, and
 * those of one turn of the event loop in the first. Bounded by bytes (domain/ClockMap.ts). Absence is remembered too. A
 * load that began before an invalidation of its key serves those who waited for it, and is not kept. What had to make
 * room may stand behind it in a denser form.
 */
import * as ClockMap from "@rookery/domain/ClockMap"
import type * as Slots from "@rookery/domain/Slots"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Exit } from "effect"
import * as Doubt from "./Doubt.ts"

export interface Options<K, V> {
  readonly bytesMax: number
  /** The form in which a value is kept; as it is unless said. */
  readonly keptAs?: (value: V) => V
  /** Of either form; that of the kept one is what counts. */
  readonly sizeOf: (value: V) => number
  /** How long a value is good, in milliseconds. */
  readonly millis: number
  /** How long it is remembered that there is nothing under a key; 0 is not at all. */
  readonly missingMillis: (key: K) => number
  /** How keys are found; left out as in a `Map`. */
  readonly slots?: () => Slots.Slots<K>
  /** Keys in one query, and queries at once, at most. */
  readonly batchMax: number
  readonly loadsMax: number
  readonly load: (keys: ReadonlyArray<K>) => Effect.Effect<ReadonlyMap<K, V>, StoreError>
  /** Keeps every value too, for longer; undefined is nothing. */
  readonly behind?: Behind<K, V>
  readonly onHit?: (count: number) => void
  readonly onMiss?: (count: number) => void
}

/** A cache of its own bounds that loads nothing, and keeps what is told it for as long as is told it at most. */
export interface Behind<K, V> {
  /** `isHot`: it was asked for lately too, and is to stand in front again. */
  readonly get: (key: K, now: number) => { readonly value: V; readonly until: number; readonly isHot: boolean } | undefined
  /** Answers whether that is enough: false for what is not kept here, and for what is hot. */
  readonly put: (key: K, value: V, until: number) => boolean
  readonly delete: (key: K) => void
  readonly clear: () => void
}

export interface FillCache<K, V> {
  /** In the order of `keys`; undefined for what is not there. */
  readonly all: (keys: ReadonlyArray<K>) => Effect.Effect<ReadonlyArray<V | undefined>, StoreError>
  readonly invalidate: (key: K) => void
  /** Puts another value in the place of one that is kept, for as long as that is good; undefined drops it. Loads under way are not kept. */
  readonly change: (key: K, to: (value: V) => V | undefined) => void
  /** Drops every value that `matches`, by a look at each, and all that is behind; loads under way are not kept. */
  readonly invalidateWhere: (matches: (value: V) => boolean) => void
  readonly clear: () => void
  /** What is kept may be out of date: it is loaded anew, little by little (Doubt.ts). */
  readonly doubt: () => void
  readonly bytes: () => number
  readonly size: () => number
}

/** A load under way. */
interface Fill<K, V> {
  readonly key: K
  /** Emptied when it landed: an old table of `fills` may keep it from the garbage collector, and its readers with it. */
  readonly listeners: Array<(exit: Exit.Exit<V | undefined, StoreError>) => void>
  stale: boolean
}

/**
 * Once there is no room, one in so many of what is hot comes from behind into the front all the same: if more is hot than has room, letting
 * all in would only exchange them, and the collector would have taken them for old by then. The hottest are asked for that
 * often soon. Bimodal insertion: Qureshi et al., Adaptive Insertion Policies for High Performance Caching, 2007.
 */
const admitEvery = 8

/** What an entry for an absent key, or the map around any entry, takes. */
const entryBytes = 120

export const make = <K, V>(options: Options<K, V>): Effect.Effect<FillCache<K, V>> =>
  Effect.map(Effect.context<never>(), (services) => {
    const run = Effect.runCallbackWith(services)
    const kept = ClockMap.make<K, V | undefined>(options.bytesMax, options.slots?.())
    const fills = new Map<K, Fill<K, V>>()
    const doubt = Doubt.make(options.millis)
    let queue: Array<Fill<K, V>> = []
    let loads = 0
    /** Hot ones that came from behind while there was no room, some of them let in all the same. */
    let refused = 0
    /** A load is to come at the end of this turn. */
    let isGathering = false

    const sizeOf = (value: V | undefined): number => entryBytes + (value === undefined ? 0 : options.sizeOf(value))
    const { keptAs = (value: V) => value } = options
    const stand = (key: K, value: V | undefined, until: number): void => {
      const form = value === undefined ? undefined : keptAs(value)
      kept.set(key, form, sizeOf(form), until)
    }
    const keep = (key: K, value: V | undefined): void => {
      const millis = value === undefined ? options.missingMillis(key) : options.millis
      const until = performance.now() + millis
      const isBehind = value !== undefined && options.behind?.put(key, value, until) === true
      if (millis <= 0 || isBehind) kept.delete(key)
      else stand(key, value, until)
    }
    const isAdmitted = (bytes: number): boolean => kept.bytes() + bytes <= options.bytesMax || ++refused % admitEvery === 0
    /** The slot of what is known and not in doubt. That there is nothing is remembered for too short a time to be doubted. */
    const find = (key: K, now: number): number => {
      const slot = kept.find(key, now)
      return slot !== -1 && kept.valueAt(slot) !== undefined && doubt.isOver(kept.untilAt(slot), now) ? -1 : slot
    }
    const findBehind = (key: K, now: number) => {
      const again = options.behind?.get(key, now)
      if (again !== undefined && doubt.isOver(again.until, now)) return undefined
      if (again?.isHot === true && isAdmitted(sizeOf(again.value))) stand(key, again.value, again.until)
      return again
    }
    const land = (batch: ReadonlyArray<Fill<K, V>>, exit: Exit.Exit<ReadonlyMap<K, V>, StoreError>): void => {
      for (const fill of batch) {
        if (fills.get(fill.key) === fill) fills.delete(fill.key)
        const value = Exit.isSuccess(exit) ? exit.value.get(fill.key) : undefined
        if (Exit.isSuccess(exit) && !fill.stale) keep(fill.key, value)
        const outcome = Exit.isSuccess(exit) ? Exit.succeed(value) : Exit.failCause(exit.cause)
        for (const listener of fill.listeners.splice(0)) listener(outcome)
      }
    }
    const pump = (): void => {
      while (loads < options.loadsMax && queue.length > 0) {
        const batch = queue.slice(0, options.batchMax)
        queue = queue.slice(batch.length)
        loads++
        run(options.load(batch.map((fill) => fill.key)), {
          onExit: (exit) => {
            loads--
            land(batch, exit)
            pump()
          }
        })
      }
    }
    const gather = (): void => {
      if (isGathering || loads >= options.loadsMax) return
      isGathering = true
      setImmediate(() => {
        isGathering = false
        pump()
      })
    }
    const fillOf = (key: K): Fill<K, V> => {
      const known = fills.get(key)
      if (known !== undefined) return known
      const fill: Fill<K, V> = { key, listeners: [], stale: false }
      fills.set(key, fill)
      queue.push(fill)
      return fill
    }
    const loadAll = (values: Array<V | undefined>, keys: ReadonlyArray<K>, missing: ReadonlyArray<number>) =>
      Effect.callback<ReadonlyArray<V | undefined>, StoreError>((resume) => {
        let waiting = missing.length
        for (const at of missing) {
          fillOf(keys[at]!).listeners.push((exit) => {
            if (Exit.isSuccess(exit)) values[at] = exit.value
            else resume(Effect.failCause(exit.cause))
            if (--waiting === 0) resume(Effect.succeed(values))
          })
        }
        gather()
      })

    const forgetFills = (): void => {
      for (const fill of fills.values()) fill.stale = true
      fills.clear()
    }

    const invalidate = (key: K): void => {
      kept.delete(key)
      options.behind?.delete(key)
      const fill = fills.get(key)
      if (fill === undefined) return
      fill.stale = true
      fills.delete(key)
    }

    return {
      all: (keys) =>
        Effect.suspend(() => {
          const now = performance.now()
          const values: Array<V | undefined> = new Array(keys.length)
          let missing: Array<number> | undefined
          for (let i = 0; i < keys.length; i++) {
            const slot = find(keys[i]!, now)
            const value = slot === -1 ? findBehind(keys[i]!, now)?.value : kept.valueAt(slot)
            if (slot === -1 && value === undefined) (missing ??= []).push(i)
            else values[i] = value
          }
          options.onHit?.(keys.length - (missing?.length ?? 0))
          if (missing === undefined) return Effect.succeed(values)
          options.onMiss?.(missing.length)
          return loadAll(values, keys, missing)
        }),
      invalidate,
      change: (key, to) => {
        const slot = kept.find(key, performance.now())
        const known = slot === -1 ? undefined : kept.valueAt(slot)
        const until = slot === -1 ? 0 : kept.untilAt(slot)
        const value = known === undefined ? undefined : to(known)
        invalidate(key)
        if (value === undefined) return
        stand(key, value, until)
        options.behind?.put(key, value, until)
      },
      invalidateWhere: (matches) => {
        kept.deleteWhere((value) => value !== undefined && matches(value))
        options.behind?.clear()
        forgetFills()
      },
      clear: () => {
        kept.clear()
        options.behind?.clear()
        forgetFills()
      },
      doubt: () => doubt.raise(performance.now()),
      bytes: kept.bytes,
      size: kept.size
    }
  })
