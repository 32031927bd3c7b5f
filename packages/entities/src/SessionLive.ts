/** Behaviour of `Session`: rows of the connection table of the shard beside it. */
import { Unavailable } from "@rookery/protocol/Errors"
import { Session } from "@rookery/protocol/Session"
import { Effect } from "effect"
import { Entity } from "effect/cluster"
import * as Residency from "./Residency.ts"
import type { Runner } from "./Runner.ts"
import * as SessionTable from "./SessionTable.ts"
import { orUnavailable } from "./Unavailability.ts"

const noFeed = new Unavailable({ reason: "the front has no event feed from this shard yet" })

export const SessionLive = (runner: Runner) =>
  Session.toLayer(
    Effect.gen(function*() {
      const { entityId } = yield* Entity.CurrentAddress
      const shardNo = runner.directory.shardOf(entityId)

      const withShard = Effect.suspend(() => {
        const shard = runner.shards.get(shardNo)
        return shard === undefined ? Effect.fail(noFeed) : Effect.succeed(shard)
      })

      return Session.of({
        Connect: ({ payload }) =>
          Effect.flatMap(withShard, (shard) => {
            if (!SessionTable.connect(shard.sessions, payload.accountNo, payload.front)) return Effect.fail(noFeed)
            // The window decides what the person hears of. A post that a load still under way finds in the database
            // would be no news when it is delivered, so the answer waits for the load.
            return orUnavailable(Residency.ready(Residency.touch(runner, shard, payload.accountNo, BigInt(entityId))))
          }),
        Disconnect: ({ payload }) =>
          Effect.map(withShard, (shard) =>
            SessionTable.disconnect(shard.sessions, payload.accountNo, payload.front)),
        Presence: ({ payload }) =>
          Effect.sync(() => {
            const shard = runner.shards.get(shardNo)
            const fronts = shard === undefined ? 0 : SessionTable.frontCount(shard.sessions, payload.accountNo)
            return { online: fronts > 0, fronts }
          })
      })
    }),
    { concurrency: "unbounded", disableFatalDefects: true }
  )
