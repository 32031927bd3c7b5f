/** `rookery cluster …`: operator commands for the local cluster that runs on this data folder. */
import { load } from "@rookery/config/Load"
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { AdminError } from "../admin/AdminError.ts"
import * as ClusterFile from "../local/ClusterFile.ts"
import * as ControlServer from "../local/ControlServer.ts"

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, AdminError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new AdminError({ message: String(cause) }) })

const send = Effect.fnUntraced(function*(line: string) {
  const { dataDir } = yield* load
  const entry = yield* attempt(() => ClusterFile.read(dataDir))
  if (entry === undefined) {
    return yield* new AdminError({ message: `no local cluster runs on ${dataDir}; start one with: npm run cluster` })
  }
  const answer = yield* attempt(() => ControlServer.send(entry.control, line))
  if (!answer.ok) return yield* new AdminError({ message: answer.text })
  yield* Console.log(answer.text)
})

const number = Argument.Int("number").pipe(Argument.withDescription("as \"status\" shows it"))

const datacenter = Flag.String("datacenter").pipe(
  Flag.optional,
  Flag.withDescription("which of them, where several run")
)

/** Commands to one of several datacenters begin with its name. */
const sendTo = (name: Option.Option<string>, line: string) =>
  send(Option.match(name, { onNone: () => line, onSome: (given) => `${given} ${line}` }))

const plain = (name: string, line: string, what: string) =>
  Command.make(name, {}, () => send(line)).pipe(Command.withDescription(what))

const inOne = (name: string, line: string, what: string) =>
  Command.make(name, { datacenter }, ({ datacenter }) => sendTo(datacenter, line)).pipe(Command.withDescription(what))

const numbered = (name: string, line: string, what: string) =>
  Command.make(name, { number, datacenter }, ({ datacenter, number }) => sendTo(datacenter, `${line} ${number}`)).pipe(
    Command.withDescription(what)
  )

const forBoth = (verb: string, what: string) => [
  numbered(`${verb}-runner`, `${verb} runner`, `${what} a runner`),
  numbered(`${verb}-front`, `${verb} front`, `${what} a front`)
] as const

const name = (what: string) => Argument.String(what).pipe(Argument.withDescription("a datacenter, as \"status\" shows it"))

const cut = Command.make("cut", {
  from: name("from"),
  to: name("to"),
  oneWay: Flag.Boolean("one-way").pipe(Flag.withDefault(false), Flag.withDescription("only what goes from the first to the second"))
}, ({ from, oneWay, to }) => send(`cut ${from} ${to}${oneWay ? " --one-way" : ""}`)).pipe(
  Command.withDescription("Let nothing pass between two datacenters")
)

const heal = Command.make("heal", { one: name("one"), other: name("other") }, ({ one, other }) => send(`heal ${one} ${other}`)).pipe(
  Command.withDescription("Let everything pass again between two datacenters")
)

const whole = (verb: string, what: string) =>
  Command.make(verb, { name: name("name") }, ({ name }) => send(`${verb} ${name}`)).pipe(Command.withDescription(what))

export const command = Command.make("cluster").pipe(
  Command.withDescription("Tell the running local cluster what to do"),
  Command.withSubcommands([
    plain("status", "status", "Who runs, and where"),
    inOne("add-runner", "add runner", "Start one more runner"),
    inOne("add-front", "add front", "Start one more front"),
    ...forBoth("stop", "Drain and end"),
    ...forBoth("kill", "End without warning"),
    ...forBoth("pause", "Freeze"),
    ...forBoth("continue", "Let go on"),
    cut,
    heal,
    whole("stop-datacenter", "Stop a datacenter's members and servers"),
    whole("start-datacenter", "Start a datacenter again, with its data"),
    plain("quit", "quit", "Stop everything")
  ])
)
