/**
 * `npm run cluster -- --runners 2 --fronts 1`: a real cluster on this machine, with Postgres, Redis and NATS of its own
 * and every runner and front as a process of its own; with `--datacenters 3` several of them, linked. Takes operator commands on its terminal and, for
 * `npm run rookery -- cluster …`, on a loopback port. Restarts nothing by itself; leaves nothing running.
 */
import "@rookery/cluster/programs/nodeVersion"
import { NodeServices } from "@effect/platform-node"
import { clusterFolder } from "@rookery/cluster/admin/database"
import type * as ClusterFile from "@rookery/cluster/local/ClusterFile"
import type * as ControlServer from "@rookery/cluster/local/ControlServer"
import * as dataFolder from "@rookery/cluster/local/dataFolder"
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import { datacentersMax } from "@rookery/cluster/local/LocalDatacenters"
import * as operator from "@rookery/cluster/local/operator"
import * as main from "@rookery/cluster/programs/main"
import { ensureServers } from "@rookery/cluster/servers/debian"
import { Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { join, resolve } from "node:path"
import * as localDatacenters from "./localDatacenters.ts"
import { memberEntry, say, start } from "./operating.ts"

const count = (name: string, initial: number, what: string) =>
  Flag.Int(name).pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 32 }))),
    Flag.withDefault(initial),
    Flag.withDescription(`${what} to start, 0 to 32`)
  )

const flags = {
  runners: count("runners", 2, "runners"),
  fronts: count("fronts", 1, "fronts"),
  datacenters: Flag.Int("datacenters").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: datacentersMax }))),
    Flag.withDefault(1),
    Flag.withDescription(`complete datacenters, 1 to ${datacentersMax}, each with so many runners and fronts`)
  ),
  latencyMillis: Flag.Int("latency-ms").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))),
    Flag.withDefault(0),
    Flag.withDescription("between datacenters, one way")
  ),
  loss: Flag.Finite("loss").pipe(
    Flag.withSchema(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.5 }))),
    Flag.withDefault(0),
    Flag.withDescription("share of the packets between datacenters that are lost, 0 to 0.5; emulated as the delays that TCP makes of it")
  ),
  folder: Flag.String("data").pipe(
    Flag.withDefault(process.env["DATA_DIR"] ?? ".data"),
    Flag.withDescription("where data and cluster.json are kept (DATA_DIR)")
  )
}

const run = Effect.fnUntraced(function*(options: localDatacenters.Options) {
  const folder = resolve(options.folder)
  yield* dataFolder.hold(folder)
  yield* ensureServers(["redis-server", "nats-server"], say)
  if (options.datacenters > 1) yield* localDatacenters.run({ ...options, folder })
  else yield* runOne({ ...options, folder })
})

const runOne = Effect.fnUntraced(function*(options: localDatacenters.Options) {
  const { folder } = options
  say("Starting PostgreSQL, Redis and NATS …")
  const cluster = yield* LocalCluster.make({
    folder: clusterFolder(folder),
    onLine: (member, line) => say(`[${member}] ${line}`)
  })
  const operating = yield* start({
    folder,
    execute: (line) => operator.execute(cluster, line),
    members: () => cluster.members().map((member) => ({ name: member.name, member })),
    entry: (control) => entryOf(cluster, control)
  })
  yield* startMembers(cluster, options)
  yield* operating.announce
  say(describe(cluster, join(folder, "cluster.json")))
  yield* operating.untilQuit
})

const entryOf = (cluster: LocalCluster.LocalCluster, control: ControlServer.Control): ClusterFile.ClusterEntry => ({
  pid: process.pid,
  postgresUrl: cluster.postgresUrl,
  redisUrl: cluster.redisUrl,
  natsUrl: cluster.natsUrl,
  control,
  members: cluster.members().map(memberEntry)
})

const startMembers = (cluster: LocalCluster.LocalCluster, options: { readonly runners: number; readonly fronts: number }) => {
  const many = <A, E>(times: number, effect: Effect.Effect<A, E>) =>
    Effect.all(Array.from({ length: times }, () => effect), { concurrency: 2 })
  return Effect.andThen(many(options.runners, cluster.startRunner()), many(options.fronts, cluster.startFront()))
}

const describe = (cluster: LocalCluster.LocalCluster, file: string): string => {
  const front = cluster.members().find((member) => member.kind === "front")
  return [
    "",
    "The cluster runs.",
    `  Postgres  ${cluster.postgresUrl}`,
    `  Redis     ${cluster.redisUrl}`,
    `  NATS      ${cluster.natsUrl}`,
    ...cluster.members().map((member) => `  ${operator.describe(member)}`),
    `  All of it in ${file}`,
    "",
    ...(front === undefined ? [] : [`Try: curl ${front.url}/api/v2/instance`]),
    "Type \"help\" for what an operator can do; Ctrl-C stops everything.",
    ""
  ].join("\n")
}

const command = Command.make("cluster", flags, (options) => Effect.scoped(run(options))).pipe(
  Command.withDescription("A real cluster on this machine, in separate processes. Free ports are chosen and printed; PORT does not count")
)

main.run(Command.run(command, { version: "0.1.0" }).pipe(Effect.provide(NodeServices.layer)))
