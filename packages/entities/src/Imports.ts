/**
 * An operator's import writes past the actors, in bulk. A runner that sees its mark rise lets go of all that it knows, as after a
 * pause, and reads it again as it is asked for; fronts are told.
 */
import { AuthorStore } from "@rookery/store/AuthorStore"
import * as Logs from "@rookery/observe/Logs"
import { Effect, Schedule } from "effect"
import * as PulledAuthors from "./PulledAuthors.ts"
import * as Residency from "./Residency.ts"
import type { Runner } from "./Runner.ts"
import * as TopicRings from "./TopicRings.ts"

/** While an import goes on its mark rises with every batch: what it brought by then is shown this often. */
const ongoingMillis = 10_000

/** Windows of people who are online are loaded again at once; those of others when they are read. */
const forgetAll = (runner: Runner): void => {
  runner.audiences.raiseGeneration()
  PulledAuthors.dropRings(runner.pulled)
  for (const shard of runner.shards.values()) {
    TopicRings.clear(shard.topics)
    for (const resident of [...shard.byNo.values()]) Residency.reload(runner, shard, resident)
  }
}

/** Reads the mark before anything is served: what is read later is at least as new. */
export const watch = (runner: Runner) =>
  Effect.gen(function*() {
    const { importMark } = yield* AuthorStore
    let shown = yield* importMark
    let latest = shown
    let shownAt = runner.now()

    const look = Effect.gen(function*() {
      const mark = yield* importMark
      const isSettled = mark === latest
      latest = mark
      if (mark === shown || !(isSettled || runner.now() - shownAt >= ongoingMillis)) return
      shown = mark
      shownAt = runner.now()
      forgetAll(runner)
      yield* runner.imported
      yield* Effect.logInfo(Logs.names.importSeen)
    })
    yield* look.pipe(
      Effect.catchCause((cause) => Effect.logWarning("it is not known whether something was imported", cause)),
      Effect.repeat(Schedule.spaced(runner.settings.importsIntervalMillis)),
      Effect.forkScoped
    )
  })
