/**
 * How windows come and go. A window is registered as resident first and loaded then, so that what is
 * delivered meanwhile is merged in and nothing falls between.
 */
import { AccountId } from "@rookery/domain/Ids"
import { residentTimelines, windowEvictions } from "@rookery/observe/Metrics"
import { NotFound } from "@rookery/protocol/Errors"
import { Cause, Deferred, Effect, Option, Schedule } from "effect"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as Resident from "./ResidentWindow.ts"
import type { Runner } from "./Runner.ts"
import * as SessionTable from "./SessionTable.ts"
import * as ShardWindows from "./ShardWindows.ts"
import * as Untold from "./Untold.ts"

/** A load whose follow set was changed meanwhile runs again, this often at most. */
const loadsMax = 5

/** The window was dropped while it loaded (a pause, an eviction, a change of shard): ask again. */
export class LoadAbandoned {
  readonly _tag = "LoadAbandoned"
}

/** A window is not loaded again more often than this because of a mute that ends. */
const hiddenMillisMin = 250

/** Notes that somebody is hidden for so long only; an earlier end stays. */
export const hideUntil = (runner: Runner, resident: Resident.ResidentWindow, millis: number | null): void => {
  if (millis === null) return
  resident.hiddenUntil = Math.min(resident.hiddenUntil, runner.now() + Math.max(millis, hiddenMillisMin))
}

/** Whether somebody's mute has ended: what it kept out is missing from the window. */
export const isOutdated = (runner: Runner, resident: Resident.ResidentWindow): boolean =>
  resident.hiddenUntil <= runner.now()

/** Those that fan-out has not brought yet are news when it does. */
const noteUntold = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  resident: Resident.ResidentWindow,
  parts: ReadonlyArray<Uint8Array>
): void => {
  const { readerNo, told, window } = resident
  resident.told = undefined
  if (!SessionTable.isOnline(shard.sessions, readerNo)) return
  for (const part of parts) {
    Untold.note(shard.untold, readerNo, Untold.missingIn(window, part).filter((id) => told?.has(id) !== true), runner.now())
  }
}

const loadOnce = (runner: Runner, shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow) =>
  Effect.gen(function*() {
    const loaded = yield* runner.loader.load(AccountId.make(resident.reader))
    if (shard.byNo.get(resident.readerNo) !== resident) return yield* Effect.fail(new LoadAbandoned())
    if (loaded === undefined) return yield* Effect.fail(new NotFound({ what: "account" }))
    if (loaded.followVersion < resident.followVersionMin) return false
    for (const row of loaded.modes) PulledAuthors.enter(runner.pulled, row)
    resident.followVersion = loaded.followVersion
    noteUntold(runner, shard, resident, loaded.entries)
    Resident.land(resident, loaded)
    hideUntil(runner, resident, loaded.hiddenMillis)
    return true
  })

const load = (runner: Runner, shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow) =>
  loadOnce(runner, shard, resident).pipe(
    Effect.repeat({ until: (landed) => landed, times: loadsMax }),
    Effect.flatMap((landed) => (landed ? Effect.void : Effect.fail(new LoadAbandoned())))
  )

/** A window of somebody who is online that could not be loaded is tried again after this, in milliseconds. */
const againMillis = 250

const startLoad = (runner: Runner, shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow, pauseMillis = 0): void => {
  const loading = Deferred.makeUnsafe<void, unknown>()
  resident.loading = loading
  const loaded = load(runner, shard, resident)
  const settle = (pauseMillis === 0 ? loaded : Effect.delay(loaded, pauseMillis)).pipe(
    Effect.onExit((exit) =>
      Effect.sync(() => {
        resident.loading = undefined
        if (exit._tag === "Failure" && shard.byNo.get(resident.readerNo) === resident) failed(runner, shard, resident, exit.cause)
        Deferred.doneUnsafe(loading, exit)
      })
    ),
    Effect.ignore // those who wait were told
  )
  runner.runFork(settle)
}

/** Drops a window that could not be loaded. Without one, somebody who is online would hear nothing until they read. */
const failed = (runner: Runner, shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow, cause: Cause.Cause<unknown>): void => {
  const isEnd = Cause.hasInterrupts(cause) || Option.exists(Cause.findErrorOption(cause), (error) => error instanceof NotFound)
  if (isEnd) ShardWindows.forget(shard, resident.readerNo)
  else reload(runner, shard, resident, againMillis)
}

/** Longest unread first, but never of people who are online; down to nine tenths of the bound. */
const evict = (runner: Runner): void => {
  const candidates: Array<[shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow]> = []
  for (const shard of runner.shards.values()) {
    for (const resident of shard.byNo.values()) {
      const isHeld = resident.loading !== undefined || SessionTable.isOnline(shard.sessions, resident.readerNo)
      if (!isHeld) candidates.push([shard, resident])
    }
  }
  candidates.sort((a, b) => a[1].lastReadAt - b[1].lastReadAt)
  const surplus = residentTimelines.value - Math.floor(runner.settings.residentTimelinesMax * 0.9)
  for (const [shard, resident] of candidates.slice(0, Math.max(0, surplus))) {
    ShardWindows.forget(shard, resident.readerNo)
    windowEvictions.value++
  }
}

const register = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  { reader, readerNo }: Pick<Resident.ResidentWindow, "reader" | "readerNo">,
  pauseMillis?: number
): Resident.ResidentWindow => {
  const resident = Resident.make(readerNo, reader, runner.settings.windowEntriesMax, runner.now(), shard.slab)
  shard.byNo.set(readerNo, resident)
  residentTimelines.value++
  startLoad(runner, shard, resident, pauseMillis)
  // After the load has begun, which keeps this one: where all others are held, only it could go, again and again.
  if (residentTimelines.value > runner.settings.residentTimelinesMax) evict(runner)
  return resident
}

/** The reader's window, registered and (unless `loading`) loaded. */
export const touch = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  readerNo: number,
  reader: bigint
): Resident.ResidentWindow => {
  const present = shard.byNo.get(readerNo)
  if (present !== undefined && isOutdated(runner, present)) ShardWindows.forget(shard, readerNo)
  else if (present !== undefined) {
    present.lastReadAt = runner.now()
    return present
  }
  return register(runner, shard, { reader, readerNo })
}

/** Drops a window that has missed a change; that of a person who is online is loaded again, or they would hear nothing. */
export const reload = (runner: Runner, shard: ShardWindows.ShardWindows, resident: Resident.ResidentWindow, pauseMillis?: number): void => {
  const told = new Set([...resident.told ?? [], ...Untold.newestOf(resident.window)])
  ShardWindows.forget(shard, resident.readerNo)
  if (!SessionTable.isOnline(shard.sessions, resident.readerNo)) return
  register(runner, shard, resident, pauseMillis).told = told
}

/** How often the windows of those who are online are looked at, in milliseconds: nobody else's need be current. */
const currentMillis = 1_000

/** Loads the windows of people who are online anew when a mute of theirs has ended: they are to hear of that person again. */
export const keepCurrent = (runner: Runner) =>
  Effect.sync(() => {
    for (const shard of runner.shards.values()) {
      Untold.prune(shard.untold, (readerNo) => SessionTable.isOnline(shard.sessions, readerNo), runner.now())
      for (const person of shard.sessions.frontsOf.keys()) {
        const resident = shard.byNo.get(person)
        if (resident !== undefined && isOutdated(runner, resident)) reload(runner, shard, resident)
      }
    }
  }).pipe(Effect.repeat(Schedule.spaced(currentMillis)), Effect.forkScoped)

/** Ends when the window can be read. */
export const ready = (resident: Resident.ResidentWindow): Effect.Effect<void, unknown> =>
  resident.loading === undefined ? Effect.void : Deferred.await(resident.loading)
