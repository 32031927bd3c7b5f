/** Two complete datacenters for tests, an ocean of 20 ms between them. */
import * as LocalDatacenters from "@rookery/cluster/local/LocalDatacenters"
import type { LocalDatacenter } from "@rookery/cluster/local/LocalDatacenter"
import { Effect } from "effect"
import * as program from "../cluster/program.ts"

/** Both run, with a runner and a front each, and their links are up. */
export const world = Effect.gen(function*() {
  const folder = yield* program.folder
  const names = LocalDatacenters.namesOf(2)
  const datacenters = yield* LocalDatacenters.make({
    folder,
    datacenters: names,
    latencyMillis: 20,
    env: { LOG_LEVEL: "Warn", REPAIR_INTERVAL_MILLIS: "2000", REMOTE_FETCH_AHEAD_READERS: "2" },
    onLine: (datacenter, member, line) => {
      if (process.env["ROOKERY_LINES"] !== undefined) console.log(`${datacenter} ${member}: ${line}`)
    }
  })
  yield* Effect.forEach(names, (name) => datacenters.datacenter(name).start({ runners: 1, fronts: 1 }), { concurrency: 2 })
  return datacenters
})

export const cut = ({ network }: LocalDatacenters.LocalDatacenters) =>
  Effect.sync(() => network.cut("east", "west"))
export const heal = ({ network }: LocalDatacenters.LocalDatacenters) =>
  Effect.sync(() => network.heal("east", "west"))

export const runnerOf = (datacenter: LocalDatacenter) => datacenter.cluster()!.members().find(({ kind }) => kind === "runner")!.url

/** A metric with its labels, as a member tells it; 0 while it does not. */
export const metric = (url: string, name: string) =>
  Effect.map(
    Effect.tryPromise(async () => (await fetch(`${url}/metrics`)).text()),
    (text) => Number(text.split("\n").find((line) => line.startsWith(`${name} `))?.slice(name.length) ?? 0)
  )
