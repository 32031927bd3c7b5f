/** What an operator may tell several datacenters on one machine: which ways are cut, which datacenters run, and more to each. */
import { Effect } from "effect"
import type { LocalDatacenter } from "./LocalDatacenter.ts"
import type { LocalDatacenters } from "./LocalDatacenters.ts"
import * as operator from "./operator.ts"

const HELP = `cut A B [--one-way]        nothing passes between A and B, or from A to B alone
heal A B                   what was held up goes on
stop-datacenter NAME       its members and its servers
start-datacenter NAME      again, at the same addresses, with its data
NAME COMMAND               one of these in the datacenter of that name:
${operator.HELP.split("\n").slice(0, 5).map((line) => `  ${line}`).join("\n")}
status                     who runs, and where
help                       this
quit                       stop everything`

const answer = (ok: boolean, text: string): Effect.Effect<operator.Answer> => Effect.succeed({ ok, text })

/** Carries out one line. Never fails: what went wrong is in the answer. */
export const execute = (world: LocalDatacenters, line: string): Effect.Effect<operator.Answer> => {
  const [verb = "", ...rest] = line.trim().toLowerCase().split(/\s+/)
  if (verb === "help" || verb === "") return answer(true, HELP)
  if ((verb === "quit" || verb === "exit") && rest.length === 0) return Effect.succeed({ ok: true, text: "stopping", quit: true })
  if (verb === "status" && rest.length === 0) return Effect.sync(() => ({ ok: true, text: describe(world) }))
  if (verb === "cut" || verb === "heal") return changeWay(world, verb, rest)
  if (verb === "stop-datacenter" || verb === "start-datacenter") return changeDatacenter(world, verb, rest)
  const datacenter = find(world, verb)
  return datacenter === undefined ? answer(false, `not understood: ${line.trim()}\n${HELP}`) : inDatacenter(datacenter, rest.join(" "))
}

const find = (world: LocalDatacenters, name: string | undefined): LocalDatacenter | undefined =>
  world.datacenters.find((datacenter) => datacenter.name === name)

const changeWay = ({ network }: LocalDatacenters, verb: "cut" | "heal", words: ReadonlyArray<string>): Effect.Effect<operator.Answer> => {
  const [from = "", to = "", option, ...rest] = words
  const isOneWay = verb === "cut" && option === "--one-way"
  const known = network.datacenters.includes(from) && network.datacenters.includes(to) && from !== to
  if (!known || rest.length > 0 || option !== undefined && !isOneWay) {
    return answer(false, `"${verb}" wants two of ${network.datacenters.join(", ")}${verb === "cut" ? ", and --one-way if so" : ""}`)
  }
  return Effect.sync(() => {
    if (verb === "heal") network.heal(from, to)
    else network.cut(from, to, isOneWay)
    return { ok: true, text: describeWay(network, from, to) }
  })
}

const changeDatacenter = (
  world: LocalDatacenters,
  verb: "stop-datacenter" | "start-datacenter",
  [name, ...rest]: ReadonlyArray<string>
): Effect.Effect<operator.Answer> => {
  const datacenter = find(world, name)
  if (datacenter === undefined || rest.length > 0) {
    return answer(false, `"${verb}" wants one of ${world.network.datacenters.join(", ")}`)
  }
  if (verb === "stop-datacenter") return Effect.as(datacenter.stop, { ok: true, text: `${datacenter.name} stopped` })
  return Effect.match(datacenter.start(), {
    onSuccess: () => ({ ok: true, text: describeDatacenter(datacenter) }),
    onFailure: (error) => ({ ok: false, text: error.message })
  })
}

/** Without `quit` and `help`, which are about all of it. */
const inDatacenter = (datacenter: LocalDatacenter, line: string): Effect.Effect<operator.Answer> => {
  const cluster = datacenter.cluster()
  if (cluster === undefined) return answer(false, `${datacenter.name} is stopped; start it with: start-datacenter ${datacenter.name}`)
  return /^(add|stop|kill|pause|continue|status)\b/.test(line)
    ? operator.execute(cluster, line)
    : answer(false, `not understood: ${datacenter.name} ${line}\n${HELP}`)
}

const describeWay = ({ isCut }: LocalDatacenters["network"], from: string, to: string): string => {
  const cuts = [[from, to], [to, from]].filter(([one, other]) => isCut(one!, other!)).map(([one, other]) => `${one} → ${other}`)
  return `${from} – ${to}: ${cuts.length === 0 ? "open" : `cut ${cuts.join(" and ")}`}`
}

export const describeDatacenter = (datacenter: LocalDatacenter): string => {
  const cluster = datacenter.cluster()
  if (cluster === undefined) return `${datacenter.name}: stopped`
  return [
    `${datacenter.name}: ${datacenter.frontsUrl} (any of its fronts)`,
    `  Postgres  ${cluster.postgresUrl}`,
    `  Redis     ${cluster.redisUrl}`,
    `  NATS      ${cluster.natsUrl}`,
    ...cluster.members().map((member) => `  ${operator.describe(member)}`)
  ].join("\n")
}

export const describe = (world: LocalDatacenters): string => {
  const { datacenters } = world.network
  const pairs = datacenters.flatMap((one, i) => datacenters.slice(i + 1).map((other) => [one, other] as const))
  return [
    ...world.datacenters.map(describeDatacenter),
    ...pairs.map(([one, other]) => describeWay(world.network, one, other))
  ].join("\n")
}
