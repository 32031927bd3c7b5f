/**
 * A snapshot store as bad as one may be: now and then it does not answer, has forgotten, or answers with a copy that
 * was overwritten since. Nothing that readers see may depend on it.
 */
import type { AccountId } from "@rookery/domain/Ids"
import { type RingSnapshot, SnapshotStore, type WindowSnapshot } from "@rookery/store/SnapshotStore"
import { StoreError } from "@rookery/store/StoreError"
import { Effect, Layer } from "effect"
import type { Seeded } from "./Seeded.ts"

export interface Faults {
  readonly random: Seeded
  /** Share of calls that fail. */
  readonly failing: number
  /** Share of copies that are gone when they are asked for. */
  readonly forgotten: number
  /** Share of loads that find the copy before the last one. */
  readonly outdated: number
}

/** The newest copy and the one before. */
type Copies<A> = Map<AccountId, readonly [newest: A, before: A | undefined]>

export const layer = (faults: Faults): Layer.Layer<SnapshotStore> =>
  Layer.sync(SnapshotStore, () => {
    const windows: Copies<WindowSnapshot> = new Map()
    const rings: Copies<RingSnapshot> = new Map()
    const { random } = faults

    const unlessFailing = <A>(operation: string, call: () => A): Effect.Effect<A, StoreError> =>
      Effect.suspend(() =>
        random.chance(faults.failing)
          ? Effect.fail(new StoreError({ operation, cause: "a fault of the test" }))
          : Effect.sync(call)
      )
    const save = <A>(copies: Copies<A>, account: AccountId, copy: A) => {
      copies.set(account, [copy, copies.get(account)?.[0]])
    }
    const load = <A>(copies: Copies<A>, account: AccountId): A | undefined => {
      if (random.chance(faults.forgotten)) copies.delete(account)
      const [newest, before] = copies.get(account) ?? []
      return before !== undefined && random.chance(faults.outdated) ? before : newest
    }

    return {
      saveWindows: (snapshots) =>
        unlessFailing("saveWindows", () => {
          for (const { reader, snapshot } of snapshots) save(windows, reader, snapshot)
        }),
      loadWindow: (reader) => unlessFailing("loadWindow", () => load(windows, reader)),
      dropWindow: (reader) => unlessFailing("dropWindow", () => void windows.delete(reader)),
      saveRing: (author, ring) => unlessFailing("saveRing", () => save(rings, author, ring)),
      loadRing: (author) => unlessFailing("loadRing", () => load(rings, author)),
      ping: Effect.void
    }
  })
