/** `npm run cluster -- --datacenters 3`: several complete datacenters on this machine, with a bad network between them if wanted. */
import { datacentersFolder } from "@rookery/cluster/admin/database"
import type * as ClusterFile from "@rookery/cluster/local/ClusterFile"
import type * as ControlServer from "@rookery/cluster/local/ControlServer"
import * as LocalDatacenters from "@rookery/cluster/local/LocalDatacenters"
import * as worldOperator from "@rookery/cluster/local/worldOperator"
import { Effect } from "effect"
import { join } from "node:path"
import { memberEntry, say, start } from "./operating.ts"

export interface Options {
  readonly runners: number
  readonly fronts: number
  readonly datacenters: number
  readonly latencyMillis: number
  readonly loss: number
  readonly folder: string
}

/** Until an operator says to quit. */
export const run = Effect.fnUntraced(function*(options: Options) {
  const { folder } = options
  const names = LocalDatacenters.namesOf(options.datacenters)
  say(`Starting ${names.join(", ")}: PostgreSQL, Redis and NATS for each, then runners and fronts …`)
  const world = yield* LocalDatacenters.make({
    folder: datacentersFolder(folder),
    datacenters: names,
    latencyMillis: options.latencyMillis,
    loss: options.loss,
    onLine: (datacenter, member, line) => say(`[${datacenter} ${member}] ${line}`)
  })
  const operating = yield* start({
    folder,
    execute: (line) => worldOperator.execute(world, line),
    members: () => membersOf(world).map(({ datacenter, member }) => ({ name: `${datacenter} ${member.name}`, member })),
    entry: (control) => entryOf(world, control)
  })
  for (const datacenter of world.datacenters) {
    yield* datacenter.start({ runners: options.runners, fronts: options.fronts })
    yield* operating.announce
  }
  say(describe(world, options, join(folder, "cluster.json")))
  yield* operating.untilQuit
})

const membersOf = (world: LocalDatacenters.LocalDatacenters) =>
  world.datacenters.flatMap((datacenter) =>
    (datacenter.cluster()?.members() ?? []).map((member) => ({ datacenter: datacenter.name, member }))
  )

const entryOf = (world: LocalDatacenters.LocalDatacenters, control: ControlServer.Control): ClusterFile.ClusterEntry => ({
  pid: process.pid,
  control,
  datacenters: world.datacenters.map((datacenter) => {
    const { envFile, frontsUrl, name } = datacenter
    const cluster = datacenter.cluster()
    if (cluster === undefined) return { name, frontsUrl, envFile }
    const { natsUrl, postgresUrl, redisUrl } = cluster
    return { name, frontsUrl, envFile, servers: { postgresUrl, redisUrl, natsUrl } }
  }),
  members: membersOf(world).map(({ datacenter, member }) => ({ datacenter, ...memberEntry(member) }))
})

const describe = (world: LocalDatacenters.LocalDatacenters, { latencyMillis, loss }: Options, file: string): string => {
  const [first] = world.datacenters
  return [
    "",
    "The datacenters run.",
    worldOperator.describe(world),
    `Between them: ${latencyMillis} ms one way, ${loss * 100} % of the packets lost. All of it in ${file}`,
    "",
    `To administer ${first!.name}: env $(cat ${first!.envFile}) npm run rookery -- status`,
    "Type \"help\" for what an operator can do; Ctrl-C stops everything.",
    ""
  ].join("\n")
}
