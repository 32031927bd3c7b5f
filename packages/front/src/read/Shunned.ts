/**
 * Whom each viewer blocks, is blocked by, mutes, or takes no reposts or only some languages from: a small set for each viewer, asked for many
 * viewers in one query, and kept for moments. Whoever changes such a set says so on the bus.
 */
import type { AccountId } from "@rookery/domain/Ids"
import * as Slots from "@rookery/domain/Slots"
import { type RelationStore, type Shun, shunBits } from "@rookery/store/RelationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Account } from "../oauth/Identity.ts"
import * as FillCache from "./FillCache.ts"

/** A sum of `shunBits` by local number; who is missing stands in no such relation to the viewer. */
export interface Bits extends ReadonlyMap<number, number> {
  /** Where only some are wanted. Left out where all are, of everybody. */
  readonly languages?: ReadonlyMap<number, ReadonlySet<string>>
}

export interface Shunned {
  /** Of a viewer; `nos` are the people in question, asked for only where the set is too large to be kept. */
  readonly of: (viewer: Account, nos: () => ReadonlyArray<number>) => Effect.Effect<Bits, StoreError>
  /** Forgets what is known of a viewer, loads under way included. */
  readonly drop: (viewer: bigint) => void
  readonly clear: () => void
}

export const isBlocked = (bits: number): boolean => (bits & (shunBits.blocking | shunBits.blockedBy)) !== 0
export const isMuted = (bits: number): boolean => (bits & shunBits.muting) !== 0
export const isWithoutReposts = (bits: number): boolean => (bits & shunBits.withoutReposts) !== 0

const bitsOf = (others: ReadonlyArray<Shun>): Bits => {
  const bits = new Map(others.map(([no, sum]) => [no, sum]))
  const languages = others.flatMap(([no, , wanted]) => wanted === undefined || wanted.length === 0 ? [] : [[no, new Set(wanted)] as const])
  return languages.length === 0 ? bits : Object.assign(bits, { languages: new Map(languages) })
}

/** Whether the viewer mutes any conversation. */
export const mutesSome = (bits: Bits, viewer: Account): boolean => ((bits.get(viewer.no) ?? 0) & shunBits.someQuiet) !== 0

interface Known {
  readonly whole: boolean
  readonly others: Bits
}

const bytesMax = 64 * 1024 * 1024

/**
 * How long a set is used at most, in milliseconds: how late a mute that ends by itself ends here. A front that missed a message
 * drops all of them (../Invalidations.ts), and home timelines know blocks and mutes by themselves.
 */
const knownMillis = 30_000

const viewersPerQuery = 64
const queriesMax = 1

const nobody: Bits = new Map()
const nothing: Known = { whole: true, others: nobody }

const load = (store: RelationStore["Service"]) => (viewers: ReadonlyArray<AccountId>) =>
  Effect.map(store.shunned(viewers), (rows) => {
    const known = new Map<AccountId, Known>(viewers.map((viewer) => [viewer, nothing]))
    for (const { others, viewer, whole } of rows) known.set(viewer, { whole, others: whole ? bitsOf(others) : nobody })
    return known
  })

export const make = (store: RelationStore["Service"]): Effect.Effect<Shunned> =>
  Effect.map(
    FillCache.make<AccountId, Known>({
      bytesMax,
      sizeOf: ({ others }) => 48 + 40 * others.size + 400 * (others.languages?.size ?? 0),
      millis: knownMillis,
      missingMillis: () => 0,
      slots: Slots.ofIds,
      batchMax: viewersPerQuery,
      loadsMax: queriesMax,
      load: load(store)
    }),
    (cache) => ({
      of: (viewer, nos) =>
        Effect.flatMap(cache.all([viewer.id]), ([known = nothing]) =>
          known.whole
            ? Effect.succeed(known.others)
            : Effect.map(store.among(viewer.id, nos()), bitsOf)),
      drop: (viewer) => cache.invalidate(viewer as AccountId),
      clear: cache.clear
    })
  )
