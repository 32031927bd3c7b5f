/**
 * `npm run cluster -- --runners 2 --fronts 1`: a real cluster on this machine, with Postgres, Redis and NATS of its own
 * and every runner and front as a process of its own. Takes operator commands on its terminal and, for
 * `npm run rookery -- cluster …`, on a loopback port. Restarts nothing by itself; leaves nothing running.
 */
import "@rookery/cluster/programs/nodeVersion"
import { NodeServices } from "@effect/platform-node"
import * as ClusterFile from "@rookery/cluster/local/ClusterFile"
import * as ControlServer from "@rookery/cluster/local/ControlServer"
import * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import * as operator from "@rookery/cluster/local/operator"
import * as main from "@rookery/cluster/programs/main"
import { ensureServers } from "@rookery/cluster/servers/debian"
import { Deferred, Effect, Schema, Semaphore } from "effect"
import { Command, Flag } from "effect/cli"
import { join, resolve } from "node:path"
import { createInterface } from "node:readline"

const count = (name: string, initial: number, what: string) =>
  Flag.Int(name).pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 32 }))),
    Flag.withDefault(initial),
    Flag.withDescription(`${what} to start, 0 to 32`)
  )

const flags = {
  runners: count("runners", 2, "runners"),
  fronts: count("fronts", 1, "fronts"),
  folder: Flag.String("data").pipe(
    Flag.withDefault(process.env["DATA_DIR"] ?? ".data"),
    Flag.withDescription("where data and cluster.json are kept (DATA_DIR)")
  )
}

const say = (text: string): void => console.log(text)

const run = Effect.fnUntraced(function*(options: { runners: number; fronts: number; folder: string }) {
  const folder = resolve(options.folder)
  yield* ensureServers(["redis-server", "nats-server"], say)
  say("Starting PostgreSQL, Redis and NATS …")
  const cluster = yield* LocalCluster.make({
    folder: join(folder, "cluster"),
    onLine: (member, line) => say(`[${member}] ${line}`)
  })
  const quit = yield* Deferred.make<void>()
  const execute = yield* makeOperator(cluster, folder, quit)
  yield* start(cluster, options)
  yield* execute.announce
  say(describe(cluster, join(folder, "cluster.json")))
  yield* Effect.forkScoped(readTerminal(execute.line))
  yield* Deferred.await(quit)
})

/** Runs commands one at a time and keeps `cluster.json` true, also when a member ends by itself. */
const makeOperator = Effect.fnUntraced(function*(
  cluster: LocalCluster.LocalCluster,
  folder: string,
  quit: Deferred.Deferred<void>
) {
  const one = Semaphore.makeUnsafe(1)
  const writing = Semaphore.makeUnsafe(1)
  const watched = new Set<string>()
  const scope = yield* Effect.scope
  const line = (text: string): Effect.Effect<operator.Answer> =>
    operator.execute(cluster, text).pipe(
      Effect.tap(() => announce),
      Effect.tap((answer) => answer.quit === true ? Deferred.succeed(quit, undefined) : Effect.void),
      one.withPermits(1)
    )
  const control = yield* ControlServer.start((text) => Effect.runPromise(line(text)))
  const announce: Effect.Effect<void> = Effect.suspend(() => {
    const fresh = cluster.members().filter((member) => !watched.has(member.name))
    for (const member of fresh) watched.add(member.name)
    const watch = (member: LocalCluster.Member) =>
      member.exited.pipe(
        Effect.tap((how) => Effect.sync(() => say(`${member.name} has ended (${how})`))),
        Effect.andThen(Effect.suspend(() => announce)),
        Effect.forkIn(scope)
      )
    return Effect.andThen(
      writing.withPermits(1)(Effect.promise(() => ClusterFile.write(folder, entryOf(cluster, control)))),
      Effect.forEach(fresh, watch, { discard: true })
    )
  })
  yield* Effect.addFinalizer(() => Effect.promise(() => ClusterFile.remove(folder)))
  return { line, announce }
})

const entryOf = (cluster: LocalCluster.LocalCluster, control: ControlServer.Control): ClusterFile.ClusterEntry => ({
  pid: process.pid,
  postgresUrl: cluster.postgresUrl,
  redisUrl: cluster.redisUrl,
  natsUrl: cluster.natsUrl,
  control,
  members: cluster.members().map((member) => ({
    kind: member.kind,
    number: member.number,
    pid: member.pid,
    address: `127.0.0.1:${member.clusterPort}`,
    url: member.url
  }))
})

const start = (cluster: LocalCluster.LocalCluster, options: { runners: number; fronts: number }) => {
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

/** The terminal's end (a script's closed stdin) is not a wish to stop. */
const readTerminal = (execute: (line: string) => Effect.Effect<operator.Answer>): Effect.Effect<void> =>
  Effect.callback<never>(() => {
    const lines = createInterface({ input: process.stdin })
    lines.on("line", (line) => void Effect.runPromise(execute(line)).then((answer) => say(answer.text)))
    return Effect.sync(() => lines.close())
  })

const command = Command.make("cluster", flags, (options) => Effect.scoped(run(options))).pipe(
  Command.withDescription("A real cluster on this machine, in separate processes.")
)

main.run(Command.run(command, { version: "0.1.0" }).pipe(Effect.provide(NodeServices.layer)))
