/** `rookery runner`, `rookery front`, `rookery migrate`: the programs of a cluster. Each is loaded when it is asked for. */
import { Effect } from "effect"
import { Command } from "effect/cli"

export const runner = Command.make("runner", {}, () =>
  Effect.flatMap(Effect.promise(() => import("../programs/runner.ts")), ({ program }) => program)).pipe(
    Command.withDescription("Run a runner of a cluster (DATABASE_URL, REDIS_URL, NATS_URL, RUNNER_HOST, RUNNER_PORT; metrics at HOST and PORT)")
  )

export const front = Command.make("front", {}, () =>
  Effect.flatMap(Effect.promise(() => import("../programs/front.ts")), ({ program }) => program)).pipe(
    Command.withDescription("Run a front of a cluster (as a runner; serves clients at HOST and PORT)")
  )

export const migrate = Command.make("migrate", {}, () =>
  Effect.flatMap(Effect.promise(() => import("../programs/migrate.ts")), ({ program }) => program)).pipe(
    Command.withDescription("Bring the database to this version's schema; safe to repeat")
  )
