/**
 * Faults at random on a real cluster, under load and against the oracle, for as long as one likes:
 *
 *   npm run soak -- --minutes 60 [--seed N] [--only Postgres]
 *
 * or with several datacenters in one process, on real Postgres and NATS servers that are cut, restarted and wiped:
 *
 *   npm run soak -- --datacenters 3 --minutes 60 [--seed N]
 *
 * or with several as processes, asked over HTTP alone, whose links are cut and whose processes are killed, stopped and wiped:
 *
 *   npm run soak -- --datacenters 3 --processes --minutes 60 [--seed N]
 *
 * Ends with exit code 1 at the first broken promise, after the command that repeats its round as the first and what the members said.
 */
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import { ensureServers } from "@rookery/cluster/servers/debian"
import { UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import * as Replay from "@rookery/testkit/Replay"
import * as Seeded from "@rookery/testkit/Seeded"
import { Cause, Effect, References } from "effect"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Processes from "../datacenters/processes/soak.ts"
import * as Oceans from "../datacenters/union/oceans.ts"
import { env, faults, underFault } from "./faults.ts"
import * as Ground from "./ground.ts"
import { prepare, type Stage, strike, warm } from "./strike.ts"

const minutesDefault = 10
const crowdSize = 10_000
const strikeShare = 0.2
const oceansRoundMillis = 60_000

const usage = `npm run soak -- [--minutes N] [--seed N] [--only TEXT] [--datacenters N [--processes]]

  --minutes      how long, ${minutesDefault} if left out
  --seed         of the first round; at random if left out
  --only         of a cluster of one, just the faults under load whose names have this text
  --datacenters  how many, in one process; a cluster of one if left out
  --processes    complete datacenters with two runners and two fronts each, asked over HTTP alone`

const refuse = (message: string): never => {
  console.error(message)
  return process.exit(2)
}

const readArguments = () => {
  const text = { type: "string" } as const
  try {
    const [processes, help] = [{ type: "boolean" }, { type: "boolean", short: "h" }] as const
    return parseArgs({ options: { minutes: text, seed: text, only: text, datacenters: text, processes, help } }).values
  } catch (cause) {
    return refuse(`${cause instanceof Error ? cause.message : String(cause)}\n\n${usage}`)
  }
}

const values = readArguments()
if (values.help === true) {
  console.log(usage)
  process.exit(0)
}

const numberOf = (name: string, text: string | undefined, fallback: number): number => {
  if (text === undefined) return fallback
  const value = Number(text)
  if (Number.isFinite(value) && value > 0) return value
  return refuse(`--${name} is "${text}"; it must be a number above 0`)
}

const minutes = numberOf("minutes", values.minutes, minutesDefault)
const seed = Math.floor(numberOf("seed", values.seed, Math.random() * 0x1_0000_0000))

const say = (text: string): void => console.log(`${new Date().toISOString()} ${text}`)

const { only } = values
const names = Object.keys(faults).filter((name) => only === undefined || name.toLowerCase().includes(only.toLowerCase()))
if (names.length === 0) refuse(`--only is "${only}"; there are ${Object.keys(faults).map((name) => `"${name}"`).join(", ")}`)

/** Runs a round of this seed again, as the first. */
const commandOf = (seed: number): string =>
  ["npm run soak --", ...(["only", "datacenters"] as const).flatMap((name) => values[name] === undefined ? [] : [`--${name} ${values[name]}`]),
    ...(values.processes === true ? ["--processes"] : []), `--seed ${seed}`].join(" ")

const replayOf = (n: number): Replay.Replay => ({ seed: seed + n, again: commandOf(seed + n) })

/** One strike at a crowd's fan-out, or one fault under load. */
const round = (ground: Ground.Ground, stage: Stage, n: number) =>
  Effect.gen(function*() {
    const random = Seeded.make(seed + n)
    if (random.chance(strikeShare) && only === undefined) {
      const whose = random.pick(["own", "other"] as const)
      const struck = strike(ground, stage, whose)
      const { doneMillis, millis, open } = yield* Replay.named(replayOf(n), struck, () => `${whose} runner killed in fan-outs`)
      return say(`round ${n}: ${whose} runner killed in ${open} fan-outs, served again after ${Math.round(millis)} ms, these done after ${Math.round(doneMillis)} ms`)
    }
    const name = random.pick(names)
    const millis = 4_000 + random.int(12_000)
    const report = yield* underFault(ground, { run: `round${n}`, replay: replayOf(n), millis, fault: faults[name]! })
    say(`round ${n}: ${name}; ${report.operations} operations, retries ${JSON.stringify(report.retries)}`)
  })

const soak = Ground.withGround(env, (ground) =>
  Effect.gen(function*() {
    const until = Date.now() + minutes * 60_000
    const stage = yield* prepare("crowd", crowdSize)
    yield* Effect.forEach([1, 2, 3], () => ground.startRunner(), { concurrency: "unbounded" })
    yield* warm(stage)
    let n = 0
    while (Date.now() < until) yield* round(ground, stage, n++)
    say(`${n} rounds, every promise kept`)
  }))

/** Rounds of the oracle over the union, each with fresh databases and another seed. */
const oceansSoak = (datacenters: number) =>
  Effect.gen(function*() {
    const until = Date.now() + minutes * 60_000
    const folder = yield* Oceans.temporaryFolder
    const postgres = yield* EmbeddedPostgres.start({ folder: join(folder, "postgres"), settings: UNSAFE_BUT_FAST })
    let n = 0
    for (; Date.now() < until; n++) {
      const { agreedMillis, checks, disturbances, operations } = yield* Oceans.round({
        postgresUrl: postgres.url,
        replay: replayOf(n),
        millis: Math.min(oceansRoundMillis, minutes * 60_000),
        datacenters
      })
      say(`round ${n}: ${operations} operations, ${JSON.stringify(disturbances)}; ${checks} checks, all agreed within ${agreedMillis} ms of healing`)
    }
    say(`${n} rounds, every promise kept`)
  }).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))

const datacenters = Math.floor(numberOf("datacenters", values.datacenters, 1))

const processesSoak = Effect.gen(function*() {
  const folder = yield* Oceans.temporaryFolder
  yield* ensureServers(["redis-server", "nats-server"], say)
  yield* Processes.soak({ folder, datacenters, seed, commandOf, millis: minutes * 60_000, say })
}).pipe(Effect.provideService(References.MinimumLogLevel, "Error"))

if (only !== undefined && datacenters > 1) refuse("--only goes with a cluster of one, without --datacenters")
if (values.processes === true && datacenters < 2) refuse("--processes wants --datacenters of 2 or more")
const several = Effect.suspend(() => values.processes === true ? processesSoak : oceansSoak(datacenters))
const chosen: Effect.Effect<void, unknown> = datacenters > 1 ? Effect.scoped(several) : soak

const program = chosen.pipe(
  Effect.catchCause((cause) =>
    Effect.sync(() => {
      console.error(`the soak that began with --seed ${seed} ended:\n${Cause.pretty(cause)}`)
      process.exitCode = 1
    }))
)

const stop = new AbortController()
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
say(`soak for ${minutes} min, seed ${seed}`)
await Effect.runPromiseExit(program, { signal: stop.signal })
