/** Rounds over whole datacenters for as long as one likes: the datacenters go on, each round brings new people. */
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, type Scope } from "effect"
import * as Disturb from "./disturb.ts"
import * as Ground from "./ground.ts"
import * as Round from "./round.ts"
import * as Society from "./society.ts"

export interface Soak {
  /** For the data of all. */
  readonly folder: string
  readonly datacenters: number
  /** Of the first round; each further one has the next. */
  readonly seed: number
  /** What runs a round of this seed again, as the first. */
  readonly commandOf: (seed: number) => string
  readonly millis: number
  readonly say: (text: string) => void
}

const agreeMillis = 120_000
const faultsMax = 10
/** Names of the people of a round are known to no other. */
const runOf = (n: number): string => `r${n}`

const faultsFrom = (random: Seeded.Seeded): ReadonlyArray<Disturb.Kind> =>
  Array.from({ length: 3 + random.int(faultsMax - 2) }, () => random.pick(Disturb.kinds))

export const soak = ({ commandOf, datacenters, folder, millis, say, seed }: Soak): Effect.Effect<void, unknown, Scope.Scope> =>
  Effect.gen(function*() {
    const until = Date.now() + millis
    const ground = yield* Ground.make(folder, { datacenters, runners: 2, fronts: 2 }, Seeded.make(seed))
    const tokens = yield* Society.programs(ground)
    let n = 0
    for (; Date.now() < until; n++) {
      const faults = faultsFrom(Seeded.make(seed + n))
      const report = yield* Round.run(ground, tokens, { run: runOf(n), replay: { seed: seed + n, again: commandOf(seed + n) }, faults, agreeMillis, say })
      const { agreedMillis, doubts, operations, slowestMillis } = report
      say(`round ${n}: ${faults.join(" ")}; ${operations} operations, ${doubts} in doubt, answered within ${slowestMillis} ms; all agreed ${agreedMillis} ms after healing`)
    }
    say(`${n} rounds, every promise kept`)
  })
