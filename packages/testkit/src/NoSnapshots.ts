/** A store of snapshots that keeps none: every window is loaded from the database. */
import { SnapshotStore } from "@rookery/store/SnapshotStore"
import { Effect, Layer } from "effect"

export const layer = Layer.succeed(SnapshotStore, {
  saveWindows: () => Effect.void,
  loadWindow: () => Effect.succeed(undefined),
  dropWindow: () => Effect.void,
  saveRing: () => Effect.void,
  loadRing: () => Effect.succeed(undefined),
  ping: Effect.void
})
