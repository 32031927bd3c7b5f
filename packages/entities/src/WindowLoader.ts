/**
 * Builds windows out of snapshot and database, many readers in one query. A snapshot of another follow set
 * is thrown away; what is newer than a snapshot promises is read again.
 */
import type { AccountId } from "@rookery/domain/Ids"
import { windowLoads } from "@rookery/observe/Metrics"
import type { ModeRow } from "@rookery/store/AuthorStore"
import { SnapshotStore, type WindowSnapshot } from "@rookery/store/SnapshotStore"
import { type WindowRows, TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, type Scope } from "effect"
import * as GroupCommit from "./GroupCommit.ts"
import type * as Resident from "./ResidentWindow.ts"
import type { Settings } from "./Settings.ts"

/** Readers in one query at most; the queries that run at once. */
const readersMax = 64
const queriesMax = 2

export interface Loaded extends Resident.Loaded {
  readonly followVersion: number
  /** As in `WindowRows`. */
  readonly hiddenMillis: number | null
  readonly modes: ReadonlyArray<ModeRow>
}

export interface WindowLoader {
  /** Undefined when there is no such account. */
  readonly load: (reader: AccountId) => Effect.Effect<Loaded | undefined, unknown>
}

interface Wanted {
  readonly reader: AccountId
  readonly snapshot: WindowSnapshot | undefined
}

/** The rows, and the snapshot that they continue. */
const joined = (rows: WindowRows, snapshot: WindowSnapshot | undefined): Loaded => {
  if (snapshot === undefined) return { ...rows, entries: [rows.entries] }
  return {
    ...rows,
    entries: [snapshot.entries, rows.entries],
    floor: rows.floor > snapshot.completeBelow ? rows.floor : snapshot.floor
  }
}

export const make = (
  settings: Settings
): Effect.Effect<WindowLoader, never, Scope.Scope | SnapshotStore | TimelineStore> =>
  Effect.gen(function*() {
    const snapshots = yield* SnapshotStore
    const timelines = yield* TimelineStore

    const query = (wanted: ReadonlyArray<Wanted>) =>
      timelines.loadWindows(
        wanted.map(({ reader, snapshot }) => ({ reader, since: snapshot?.completeBelow ?? 0n })),
        settings.windowEntriesMax,
        settings.loadPostsPerAuthorMax
      )

    const readGroup = (wanted: ReadonlyArray<Wanted>) =>
      Effect.map(query(wanted), (rows) => {
        windowLoads.value += wanted.length
        const byReader = new Map(rows.map((row) => [row.reader, row]))
        return wanted.map(({ reader }) => byReader.get(reader))
      })

    const groups = yield* Effect.all(
      Array.from({ length: queriesMax }, () => GroupCommit.make(readGroup, readersMax))
    )
    let turn = 0
    const read = (wanted: Wanted) => groups[turn++ % queriesMax]!.commit(wanted)

    // A snapshot store that is gone costs the shortcut, not the read.
    const snapshotOf = (reader: AccountId) =>
      Effect.catch(snapshots.loadWindow(reader), (error) =>
        Effect.as(Effect.logDebug("no window snapshot", error), undefined))

    const load = (reader: AccountId): Effect.Effect<Loaded | undefined, unknown> =>
      Effect.gen(function*() {
        const snapshot = yield* snapshotOf(reader)
        const rows = yield* read({ reader, snapshot })
        if (rows === undefined) return undefined
        if (snapshot === undefined) return joined(rows, undefined)
        if (snapshot.followVersion === rows.followVersion) return joined(rows, snapshot)
        const whole = yield* read({ reader, snapshot: undefined })
        return whole === undefined ? undefined : joined(whole, undefined)
      })

    return { load }
  })
