/** Blocks, mutes and answers of one account: committed, shown by both windows, and told to the fronts. */
import type { Bus } from "@rookery/bus/Bus"
import type { AccountId } from "@rookery/domain/Ids"
import { NotFound, Refused, Unavailable } from "@rookery/protocol/Errors"
import type { EdgeRow } from "@rookery/store/FollowStore"
import type { RelationChange, RelationResult, RelationStore, WindowChange } from "@rookery/store/RelationStore"
import { Effect } from "effect"
import * as Hints from "./Hints.ts"
import type { Runner } from "./Runner.ts"

/** How often a change that met another owner's write is tried on the reloaded version. */
const staleMax = 5

export interface Relating {
  /** Ends when this account's window shows the change, and the other's too unless it cannot be reached; answers this account's version if it is known to have changed. */
  readonly change: (other: AccountId, change: RelationChange) => Effect.Effect<number | undefined, unknown>
}

export interface RelatingDeps {
  readonly relations: RelationStore["Service"]
  readonly bus: Bus["Service"]
  readonly reader: AccountId
  /** The fence; read anew by whoever finds it stale. */
  readonly loadReader: Effect.Effect<{ readonly followVersion: number }, unknown>
  readonly forgetReader: () => void
  readonly carryLater: (edge: EdgeRow, outboxId: bigint) => Effect.Effect<void>
}

const tellWindow = (runner: Runner, { readerShard, ...change }: WindowChange) =>
  runner.actors.timelineShard(runner.directory.timelineShardId(readerShard)).ChangeRelation({
    readerNo: change.readerNo,
    followVersion: change.followVersion,
    otherNo: change.otherNo,
    other: change.other,
    following: change.following,
    hidden: change.hidden,
    hiddenMillis: change.hiddenMillis
  }).pipe(Effect.timeout(runner.settings.messageTimeoutMillis))

/** Tells the windows and ends the outbox row. Repeats are harmless: windows take each version once. */
export const carry = (
  runner: Runner,
  windows: ReadonlyArray<WindowChange>,
  outboxId: bigint
): Effect.Effect<void, unknown> =>
  Effect.andThen(
    Effect.forEach(windows, (window) => tellWindow(runner, window), { concurrency: "unbounded", discard: true }),
    runner.done(outboxId)
  )

export const make = (runner: Runner, deps: RelatingDeps): Relating => {
  const { reader, relations } = deps

  const commitOnce = (other: AccountId, change: RelationChange) =>
    Effect.gen(function*() {
      const { followVersion } = yield* deps.loadReader
      return yield* relations.change({
        account: reader,
        other,
        change,
        followVersion,
        claimMillis: runner.settings.claimMillis
      })
    })

  const commit = (other: AccountId, change: RelationChange) =>
    commitOnce(other, change).pipe(
      Effect.tap((result) => Effect.sync(() => result._tag === "Stale" ? deps.forgetReader() : undefined)),
      Effect.repeat({ while: (result: RelationResult) => result._tag === "Stale", times: staleMax })
    )

  // What the caller sees is their own window; that of the other may be told later, from the outbox.
  const tell = (windows: ReadonlyArray<WindowChange>, outboxId: bigint | undefined) => {
    const own = windows.filter((window) => window.reader === reader)
    const others = windows.filter((window) => window.reader !== reader)
    const toOthers = Effect.andThen(
      Effect.forEach(others, (window) => tellWindow(runner, window), { discard: true }),
      outboxId === undefined ? Effect.void : runner.done(outboxId)
    )
    return Effect.andThen(
      Effect.forEach(own, (window) => tellWindow(runner, window), { discard: true }),
      Effect.catch(toOthers, (error) => Effect.logDebug("a window is left to the outbox", error))
    )
  }

  const settle = (result: RelationResult, other: AccountId): Effect.Effect<number | undefined, unknown> => {
    switch (result._tag) {
      case "Changed":
      case "Same":
        return Effect.gen(function*() {
          const changed = result._tag === "Changed" ? result : undefined
          for (const { edge, outboxId } of changed?.edges ?? []) yield* deps.carryLater(edge, outboxId)
          // Fronts first: should a window not answer, nothing of it is shown all the same.
          yield* Hints.relationsChanged(deps.bus, [reader, other])
          yield* tell(result.windows, changed?.outboxId)
          return result.windows.find((window) => window.reader === reader)?.followVersion
        })
      case "NotFound":
        return Effect.fail(new NotFound({ what: "account or request" }))
      case "Full":
        return Effect.fail(new Refused({ reason: "the list is as long as it may be" }))
      case "Stale":
        return Effect.fail(new Unavailable({ reason: "another owner is writing" }))
    }
  }

  return {
    change: (other, change) =>
      other === reader
        ? Effect.fail(new Refused({ reason: "this cannot be done to oneself" }))
        : Effect.flatMap(commit(other, change), (result) => settle(result, other))
  }
}
