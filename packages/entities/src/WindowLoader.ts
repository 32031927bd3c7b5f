/**
 * Builds windows out of snapshot and database, many readers in one query. A snapshot of another follow set
 * is thrown away; what is newer than a snapshot promises is read again.
 */
import * as Snowflake from "@rookery/domain/Snowflake"
import type { AccountId } from "@rookery/domain/Ids"
import * as Window from "@rookery/domain/TimelineWindow"
import { windowLoads } from "@rookery/observe/Metrics"
import type { ModeRow } from "@rookery/store/AuthorStore"
import { SnapshotStore, type WindowSnapshot } from "@rookery/store/SnapshotStore"
import { type WindowRows, TimelineStore } from "@rookery/store/TimelineStore"
import { Effect, type Scope } from "effect"
import * as GroupCommit from "./GroupCommit.ts"
import type { Settings } from "./Settings.ts"

/** Readers in one query at most; the queries that run at once. */
const readersMax = 64
const queriesMax = 2

export interface Loaded {
  readonly followVersion: number
  readonly followees: Uint32Array
  /** As in `WindowRows`. */
  readonly hidden: Uint32Array
  readonly hiddenMillis: number | null
  readonly window: Window.TimelineWindow
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

/** Merges the rows with the snapshot that they continue. */
const build = (rows: WindowRows, snapshot: WindowSnapshot | undefined, entriesMax: number): Loaded => {
  const since = snapshot?.completeBelow ?? 0n
  const hint = rows.entries.length + (snapshot?.entries.length ?? 0)
  const window = Window.make(entriesMax, hint)
  const old = snapshot?.entries ?? []
  for (const entry of [...old, ...rows.entries].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    Window.insert(window, Snowflake.high(entry.id), Snowflake.low(entry.id), entry.authorNo)
  }
  const floor = rows.floor > since ? rows.floor : (snapshot?.floor ?? 0n)
  Window.raiseFloor(window, Snowflake.high(floor), Snowflake.low(floor))
  const { followees, followVersion, hidden, hiddenMillis, modes } = rows
  return { followVersion, followees, hidden, hiddenMillis, window, modes }
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
        if (snapshot === undefined) return build(rows, undefined, settings.windowEntriesMax)
        if (snapshot.followVersion === rows.followVersion) return build(rows, snapshot, settings.windowEntriesMax)
        const whole = yield* read({ reader, snapshot: undefined })
        return whole === undefined ? undefined : build(whole, undefined, settings.windowEntriesMax)
      })

    return { load }
  })
