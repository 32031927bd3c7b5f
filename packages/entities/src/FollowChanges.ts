/** What a follow or an unfollow does to the reader's resident window. */
import { AccountId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Window from "@rookery/domain/TimelineWindow"
import type { ModeRow } from "@rookery/store/AuthorStore"
import type { TimelineStore } from "@rookery/store/TimelineStore"
import { Effect } from "effect"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as Residency from "./Residency.ts"
import * as Resident from "./ResidentWindow.ts"
import type { Runner } from "./Runner.ts"
import * as SessionTable from "./SessionTable.ts"
import * as ShardWindows from "./ShardWindows.ts"
import * as Untold from "./Untold.ts"

export interface FollowChange {
  readonly readerNo: number
  readonly followVersion: number
  readonly followeeNo: number
  readonly followee: bigint
  readonly following: boolean
}

type NewestOf = TimelineStore["Service"]["newestOf"]

const floorOf = (window: Window.TimelineWindow): bigint => Snowflake.fromWords(window.floorHi, Window.floorLo(window))

/** Fills a window with what one followee published at or above its floor; a list cut off at `limit` raises the floor to its end. */
const fill = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  resident: Resident.ResidentWindow,
  authorNo: number,
  ids: ReadonlyArray<bigint>,
  limit: number
): void => {
  if (resident.followees === undefined || !Resident.takes(resident, authorNo)) return
  const taken = ids.filter((id) => Resident.deliver(resident, Snowflake.high(id), Snowflake.low(id), authorNo))
  if (SessionTable.isOnline(shard.sessions, resident.readerNo)) Untold.note(shard.untold, resident.readerNo, taken, runner.now())
  const oldest = ids.at(-1)
  if (ids.length === limit && oldest !== undefined) {
    Window.raiseFloor(resident.window, Snowflake.high(oldest), Snowflake.low(oldest))
  }
}

/** Reads the followee's newest posts into the reader's window, if it is resident. */
export const backfill = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  newestOf: NewestOf,
  readerNo: number,
  followee: { readonly no: number; readonly id: bigint },
  mode: ModeRow | undefined
): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const pulled = enterMode(runner, mode)
    const resident = shard.byNo.get(readerNo)
    if (resident === undefined) return
    yield* Residency.ready(resident)
    // The ring may have been read before the Author knew of a follower here, and have missed its hints.
    if (pulled?.ring !== undefined) yield* PulledAuthors.refresh(runner.pulled, pulled)
    const author = AccountId.make(followee.id)
    const limit = runner.settings.windowEntriesMax
    const newest = yield* newestOf([{ author, since: floorOf(resident.window) }], limit)
    fill(runner, shard, resident, followee.no, newest.get(author) ?? [], limit)
  })

const enterMode = (runner: Runner, mode: ModeRow | undefined): PulledAuthors.PulledAuthor | undefined => {
  if (mode === undefined || mode.mode === "push") return undefined
  PulledAuthors.enter(runner.pulled, mode)
  return runner.pulled.byNo.get(mode.authorNo)
}

/** The window that takes a change of this version next; a gap drops it, and it then loads again with the whole follow set. */
const inOrder = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  change: { readonly readerNo: number; readonly followVersion: number }
): Resident.ResidentWindow | undefined => {
  const resident = shard.byNo.get(change.readerNo)
  if (resident === undefined) return undefined
  if (resident.followees === undefined) {
    resident.followVersionMin = Math.max(resident.followVersionMin, change.followVersion)
    return undefined
  }
  if (change.followVersion <= resident.followVersion) return undefined
  if (change.followVersion !== resident.followVersion + 1) {
    Residency.reload(runner, shard, resident)
    return undefined
  }
  resident.followVersion = change.followVersion
  return resident
}

export interface RelationChange {
  readonly readerNo: number
  readonly followVersion: number
  readonly otherNo: number
  readonly other: bigint
  readonly following: boolean
  readonly hidden: boolean
  readonly hiddenMillis: number | null
}

/** Takes in order how the reader stands to another person now: follows or not, hides or not. */
export const relate = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  newestOf: NewestOf,
  change: RelationChange
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    const resident = inOrder(runner, shard, change)
    if (resident === undefined) return Effect.void
    const { otherNo } = change
    const took = Resident.takes(resident, otherNo)
    if (change.following) Resident.follow(resident, otherNo)
    else Resident.unfollow(resident, otherNo)
    if (change.hidden) {
      Resident.hide(resident, otherNo)
      Residency.hideUntil(runner, resident, change.hiddenMillis)
      return Effect.void
    }
    Resident.unhide(resident, otherNo)
    if (took || !Resident.takes(resident, otherNo)) return Effect.void
    return backfill(runner, shard, newestOf, change.readerNo, { no: otherNo, id: change.other }, undefined)
  })

/** Takes a follow or an unfollow in order. */
export const apply = (
  runner: Runner,
  shard: ShardWindows.ShardWindows,
  newestOf: NewestOf,
  change: FollowChange
): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    const resident = inOrder(runner, shard, change)
    if (resident === undefined) return Effect.void
    if (!change.following) {
      Resident.unfollow(resident, change.followeeNo)
      return Effect.void
    }
    Resident.follow(resident, change.followeeNo)
    resident.filling++
    const followee = { no: change.followeeNo, id: change.followee }
    return backfill(runner, shard, newestOf, change.readerNo, followee, undefined).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          resident.filling--
          // It knows of the follow and lacks the posts: a repeat of the change would pass it by.
          if (exit._tag === "Failure" && shard.byNo.get(change.readerNo) === resident) {
            ShardWindows.forget(shard, change.readerNo)
          }
        })
      )
    )
  })
