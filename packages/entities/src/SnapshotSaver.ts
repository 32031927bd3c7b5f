/**
 * Writes windows that changed to the snapshot store, so that a window which went comes back with one small
 * query. A snapshot promises completeness only below what every fan-out had finished before it was cut.
 */
import * as EntryBytes from "@rookery/domain/EntryBytes"
import * as Limits from "@rookery/domain/Limits"
import { AccountId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import { snapshotFailures } from "@rookery/observe/Metrics"
import { OutboxStore } from "@rookery/store/OutboxStore"
import { SnapshotStore, type WindowSnapshot } from "@rookery/store/SnapshotStore"
import { Effect, Schedule } from "effect"
import { pulledOf, type ResidentWindow } from "./ResidentWindow.ts"
import type { Runner } from "./Runner.ts"
import type { ShardWindows } from "./ShardWindows.ts"

/** Windows in one write; what a write keeps the runner from meanwhile is felt by readers. */
const batchMax = 8
/** After a write the saver rests so many times as long: copies are the least urgent work of a runner. */
const restFactor = 9

/** Below this id every fan-out is finished, and no transaction that could still commit is older. Read BEFORE windows are copied. */
const completeBelow = (now: number) =>
  Effect.gen(function*() {
    const { lowestFanout } = yield* (yield* OutboxStore).backlog
    const settled = Snowflake.floorAt(now - Limits.overlapMillis)
    return lowestFanout !== undefined && lowestFanout < settled ? lowestFanout : settled
  })

const snapshotOf = (resident: ResidentWindow, below: bigint): WindowSnapshot => ({
  followVersion: resident.followVersion,
  floor: Snowflake.fromWords(resident.window.floorHi, Window.floorLo(resident.window)),
  completeBelow: below,
  entries: EntryBytes.pack(resident.window)
})

/**
 * A window whose reader follows pulled authors lacks their posts, as one in the middle of a follow does, and one with a
 * mute that ends by itself lacks what is due then under the same version: they promise nothing.
 */
const isWhole = (runner: Runner, resident: ResidentWindow): boolean =>
  resident.followees !== undefined && resident.filling === 0 && resident.hiddenUntil === Number.POSITIVE_INFINITY &&
  pulledOf(resident, runner.pulled).length === 0

interface Held {
  readonly shard: ShardWindows
  readonly resident: ResidentWindow
}

const dirtyWindows = (runner: Runner): Array<Held> => {
  const dirty: Array<Held> = []
  for (const shard of runner.shards.values()) {
    for (const resident of shard.byNo.values()) {
      if (resident.dirty && isWhole(runner, resident)) dirty.push({ shard, resident })
    }
  }
  return dirty
}

/** A window that went meanwhile hears of no delivery any more, and must not be promised to be complete. */
const isHeld = (runner: Runner, { resident, shard }: Held): boolean =>
  runner.shards.get(shard.shard) === shard && shard.byNo.get(resident.readerNo) === resident

const saveBatch = (runner: Runner, batch: ReadonlyArray<Held>) =>
  Effect.gen(function*() {
    const snapshots = yield* SnapshotStore
    const below = yield* completeBelow(runner.now())
    const copies = batch
      .filter((held) => held.resident.dirty && isHeld(runner, held) && isWhole(runner, held.resident))
      .map(({ resident }) => {
        resident.dirty = false
        return { reader: AccountId.make(resident.reader), snapshot: snapshotOf(resident, below) }
      })
    if (copies.length > 0) yield* snapshots.saveWindows(copies)
  })

/** Saves every window that has changed by now, taking a small share of the runner's time. */
export const save = (runner: Runner) =>
  Effect.gen(function*() {
    const dirty = dirtyWindows(runner)
    for (let at = 0; at < dirty.length; at += batchMax) {
      const startedAt = runner.now()
      yield* saveBatch(runner, dirty.slice(at, at + batchMax))
      yield* Effect.sleep(restFactor * (runner.now() - startedAt))
    }
  })

export const start = (runner: Runner) =>
  save(runner).pipe(
    Effect.catch((error) => {
      snapshotFailures.value++
      return Effect.logWarning("window snapshots could not be saved", error)
    }),
    Effect.schedule(Schedule.spaced(runner.settings.snapshotMillis)),
    Effect.forkScoped
  )
