/** What may happen to a cluster, and a load that it happens to. */
import type { Member } from "@rookery/cluster/local/LocalCluster"
import { defaultThreshold } from "@rookery/domain/FanoutMode"
import type * as Replay from "@rookery/testkit/Replay"
import * as Client from "@rookery/testkit/Client"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { drive, type Report } from "../oracle/drive.ts"
import * as World from "../oracle/world.ts"
import type { Ground } from "./ground.ts"

/** Few followers make an author pulled, so that random people cross it. */
const threshold = { ...defaultThreshold, promoteAt: 4 }

/** Settings of the members. Locks that expire soon make tests short. */
export const env: Readonly<Record<string, string>> = {
  FANOUT_PUSH_THRESHOLD: String(threshold.promoteAt),
  SHARD_LOCK_EXPIRATION_MILLIS: "3000",
  SHARD_LOCK_REFRESH_MILLIS: "1000",
  LOG_LEVEL: "Warn"
}

/** Longer than the lease above. */
const standstillMillis = 5_000
const serverAwayMillis = 500

export type Fault = (ground: Ground, random: Seeded) => Effect.Effect<void, unknown>

export const runnersOf = (ground: Ground): ReadonlyArray<Member> => ground.members().filter(({ kind }) => kind === "runner")

/** By name. Each leaves as many runners as it found. */
export const faults: Readonly<Record<string, Fault>> = {
  "a runner is killed and another takes its place": (ground, random) =>
    Effect.gen(function*() {
      yield* random.pick(runnersOf(ground)).kill("SIGKILL")
      yield* ground.startRunner()
    }),
  "a runner stands still past its lease and goes on": (ground, random) =>
    Effect.gen(function*() {
      const stopped = random.pick(runnersOf(ground))
      yield* stopped.kill("SIGSTOP")
      yield* Effect.sleep(standstillMillis)
      yield* stopped.kill("SIGCONT")
    }),
  "Redis is emptied and restarted": (ground) => Effect.andThen(ground.flushRedis, ground.redis.restart(serverAwayMillis)),
  "Postgres restarts": (ground) => ground.postgres.restart(serverAwayMillis),
  "a runner joins and another is drained": (ground, random) =>
    Effect.gen(function*() {
      const leaving = random.pick(runnersOf(ground))
      yield* ground.startRunner()
      yield* leaving.stop
    })
}

export interface Round {
  /** Distinguishes the people of one round from those of another; lower-case letters and digits. */
  readonly run: string
  readonly replay: Replay.Replay
  /** How long people write and read. */
  readonly millis: number
  readonly fault: Fault
}

const people = 12
/** The load has begun by then. */
const calmMillis = 1_000
/** I1: within this time after a crash everything is where it belongs. */
export const recoveryMillis = 30_000

/** People write and read while the fault happens; afterwards every timeline is the oracle's. */
export const underFault = (ground: Ground, round: Round): Effect.Effect<Report, unknown, Needs> =>
  Effect.gen(function*() {
    const client = yield* Client.make({ attemptMillis: 5_000, patienceMillis: 40_000 })
    const world = yield* World.make(client, round.run, people, threshold)
    let begun = false
    const once = (random: Seeded) =>
      Effect.suspend(() => {
        if (begun) return Effect.void
        begun = true
        return Effect.andThen(Effect.sleep(calmMillis), round.fault(ground, random))
      })
    return yield* drive(world, {
      replay: round.replay,
      millis: round.millis,
      // Once, at the end: in between the fault may be going on.
      batchesPerCheck: Number.POSITIVE_INFINITY,
      quiesceMillis: recoveryMillis,
      disturb: once,
      disturbShare: 1
    })
  })

type Needs = Effect.Services<ReturnType<typeof drive>> | Effect.Services<ReturnType<typeof World.make>> |
  Effect.Services<ReturnType<typeof Client.make>>
