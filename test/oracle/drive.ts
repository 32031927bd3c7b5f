/** Runs a plan against the real actors for a while, with disturbances, and verifies everything every so often. */
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Fiber } from "effect"
import * as Plan from "./plan.ts"
import { perform } from "./perform.ts"
import { quiesce, verify } from "./verify.ts"
import type { World } from "./world.ts"

export interface Drive {
  /** With the seed of everything that is drawn. */
  readonly replay: Replay.Replay
  readonly millis: number
  /** Batches between two verifications, on average. */
  readonly batchesPerCheck: number
  /** Within this time of the last write everything is where it belongs. */
  readonly quiesceMillis: number
  /** What happens to the servers beside the operations; drawn from the seed as well. */
  readonly disturb?: (random: Seeded.Seeded) => Effect.Effect<void, unknown>
  /** Of the batches this share is disturbed. */
  readonly disturbShare?: number
}

export interface Report {
  readonly batches: number
  readonly operations: number
  readonly checks: number
  /** Attempts that a client had to repeat, by what they were answered. */
  readonly retries: Readonly<Record<string, number>>
}

const check = (world: World, drive: Drive, random: Seeded.Seeded) =>
  Effect.andThen(quiesce(drive.quiesceMillis), verify(world, random))

/** Ends after `millis` with a last verification; fails with the seed and what was broken. */
export const drive = (world: World, options: Drive) => {
  const random = Seeded.make(options.replay.seed)
  const plan = Plan.make(random.fork(), world.people.length)
  const checks = random.fork()
  const disturbances = random.fork()
  const report = { batches: 0, operations: 0, checks: 0 }
  const deadline = Date.now() + options.millis
  // Disturbances run beside the load; one that failed fails the run at its end.
  const disturbing: Array<Fiber.Fiber<void, unknown>> = []
  const disturb = Effect.gen(function*() {
    if (options.disturb === undefined || !disturbances.chance(options.disturbShare ?? 0)) return
    disturbing.push(yield* Effect.forkChild(options.disturb(disturbances)))
  })
  const batch = Effect.gen(function*() {
    const operations = Plan.nextBatch(plan)
    report.batches++
    report.operations += operations.length
    yield* disturb
    yield* Effect.forEach(operations, (operation) => perform(world, operation), { concurrency: "unbounded", discard: true })
    if (!checks.chance(1 / options.batchesPerCheck)) return
    report.checks++
    yield* check(world, options, checks)
  })
  const run = Effect.whileLoop({ while: () => Date.now() < deadline, body: () => batch, step: () => {} }).pipe(
    Effect.andThen(Effect.suspend(() => Fiber.joinAll(disturbing))),
    Effect.andThen(check(world, options, checks)),
    Effect.map((): Report => ({ ...report, retries: Object.fromEntries(world.client.retries) }))
  )
  return Replay.named(options.replay, run, () => `batch ${report.batches}`)
}
