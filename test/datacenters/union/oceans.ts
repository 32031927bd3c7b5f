/** Rounds of the oracle over the union, over NATS servers that are joined as in production. */
import type { Replay } from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Disturb from "./disturb.ts"
import { drive } from "./drive.ts"
import * as Seas from "./seas.ts"
import * as Union from "./union.ts"
import * as Waters from "./waters.ts"

export interface Round {
  readonly postgresUrl: string
  readonly replay: Replay
  readonly millis: number
  readonly datacenters: number
}

export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-oceans-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const people = 12
const agreeMillis = 120_000
const tenMinutes = 600_000

/** Servers are restarted and wiped, links are cut; answers what was done and how long it took to agree. */
export const round = ({ datacenters, millis, postgresUrl, replay }: Round) =>
  Effect.scoped(Effect.gen(function*() {
    const { seed } = replay
    const random = Seeded.make(seed)
    const folder = yield* temporaryFolder
    const seas = yield* Seas.make({
      postgresUrl,
      seed,
      datacenters,
      clocks: [0, tenMinutes, -tenMinutes],
      twice: 0.1,
      heldMillis: 40,
      unanswered: 0.05,
      settings: { threshold: { promoteAt: 3 + random.int(3), demoteShare: 0.7 } },
      waters: (names) => Waters.overNats(names, folder, random.int(60))
    })
    const union = yield* Union.make(seas, people)
    const report = yield* drive(union, { replay, millis, disturb: Disturb.one, agreeMillis })
    return { ...report, done: union.done }
  }))
