/** `npm run bench -- NAME`: measures, prints a table, leaves JSON and SVG. */
import { Cause, Effect, Exit } from "effect"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import type { Bench } from "./harness/Bench.ts"
import * as Machine from "./harness/Machine.ts"
import { help, parse, UsageError } from "./harness/Options.ts"
import { publish } from "./harness/Output.ts"
import { loadChild, runLoadChild } from "./load/child.ts"
import { bareChild, runBareChild } from "./baselines/bareServer.ts"
import { redis } from "./baselines/redis.ts"
import { fanout } from "./fanout/fanout.ts"
import { feed } from "./feed/feed.ts"
import { gossip } from "./gossip/gossip.ts"
import { hotPost } from "./hotPost/hotPost.ts"
import { memory } from "./memory/memory.ts"
import { notify } from "./notify/notify.ts"
import { past } from "./past/past.ts"
import { oceans } from "./oceans/oceans.ts"
import { stream } from "./stream/stream.ts"
import { whale } from "./whale/whale.ts"

const benches: ReadonlyArray<Bench> = [fanout, whale, feed, memory, redis, notify, stream, hotPost, gossip, past, oceans]

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const measure = async (bench: Bench, args: ReadonlyArray<string>, signal: AbortSignal): Promise<number> => {
  const options = parse(bench, args, root)
  const machine = await Machine.describe()
  const exit = await Effect.runPromiseExit(Effect.scoped(bench.run(options)), { signal })
  if (Exit.isFailure(exit)) {
    console.error(Cause.hasInterruptsOnly(exit.cause) ? "stopped" : Cause.pretty(exit.cause))
    return 1
  }
  const files = await publish(bench.name, options, machine, exit.value)
  console.log(`\nWritten: ${files.join("\n         ")}`)
  return 0
}

const start = async (name: string | undefined, args: ReadonlyArray<string>): Promise<number> => {
  if (name === loadChild) return runLoadChild()
  if (name === bareChild) return runBareChild()
  const bench = benches.find((candidate) => candidate.name === name)
  if (bench === undefined) {
    console.log(help(benches))
    return name === undefined || name === "help" || name === "--help" || name === "list" ? 0 : 2
  }
  if (args.includes("--help") || args.includes("-h")) {
    console.log(help([bench]))
    return 0
  }
  const stop = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort())
  return measure(bench, args, stop.signal)
}

try {
  process.exitCode = await start(process.argv[2], process.argv.slice(3))
} catch (error) {
  if (!(error instanceof UsageError || error instanceof RangeError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
