/** Every actor of a runner, with the loops behind them. */
import { Effect, Layer } from "effect"
import { AuthorLive } from "./AuthorLive.ts"
import * as Gossip from "./gossip/Gossip.ts"
import type { World } from "./gossip/World.ts"
import * as Imports from "./Imports.ts"
import * as LikeGroup from "./LikeGroup.ts"
import * as Modes from "./Modes.ts"
import * as Notices from "./Notices.ts"
import * as OutboxSweeper from "./OutboxSweeper.ts"
import { PostOwnerLive } from "./PostOwnerLive.ts"
import * as PublishGroup from "./PublishGroup.ts"
import * as Residency from "./Residency.ts"
import * as Runner from "./Runner.ts"
import { SessionLive } from "./SessionLive.ts"
import { defaults, type Settings } from "./Settings.ts"
import * as SnapshotSaver from "./SnapshotSaver.ts"
import { TimelineShardLive } from "./TimelineShardLive.ts"
import { UserTimelineLive } from "./UserTimelineLive.ts"

/** Registers the actors with the cluster; the authors' modes are read before any of them serves. `world` is there when there are other datacenters. */
export const layer = (settings: Partial<Settings> = {}, world?: World) =>
  Layer.unwrap(
    Effect.gen(function*() {
      const runner = yield* Runner.make({ ...defaults, ...settings })
      const group = yield* PublishGroup.make(runner.settings.claimMillis, {
        onCommit: () => {
          Notices.due(runner)
          runner.tellingDue.openUnsafe()
        },
        posted: runner.authorsPosted
      })
      const likes = yield* LikeGroup.make(() => Notices.due(runner))
      yield* Modes.keepFresh(runner)
      yield* Imports.watch(runner)
      yield* OutboxSweeper.start(runner)
      yield* Notices.start(runner)
      yield* SnapshotSaver.start(runner)
      yield* Residency.keepCurrent(runner)
      const ofGossip = world === undefined ? Layer.empty : yield* Gossip.start(runner, world)
      return Layer.mergeAll(
        ofGossip,
        TimelineShardLive(runner),
        UserTimelineLive(runner),
        AuthorLive(runner, group),
        PostOwnerLive(runner, likes),
        SessionLive(runner)
      )
    })
  )
