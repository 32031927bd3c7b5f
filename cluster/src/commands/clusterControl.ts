/** `rookery cluster …`: operator commands for the local cluster that runs on this data folder. */
import { load } from "@rookery/config/Load"
import { Console, Effect } from "effect"
import { Argument, Command } from "effect/cli"
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

const plain = (name: string, line: string, what: string) =>
  Command.make(name, {}, () => send(line)).pipe(Command.withDescription(what))

const numbered = (name: string, line: string, what: string) =>
  Command.make(name, { number }, ({ number }) => send(`${line} ${number}`)).pipe(Command.withDescription(what))

const forBoth = (verb: string, what: string) => [
  numbered(`${verb}-runner`, `${verb} runner`, `${what} a runner`),
  numbered(`${verb}-front`, `${verb} front`, `${what} a front`)
] as const

export const command = Command.make("cluster").pipe(
  Command.withDescription("Tell the running local cluster what to do"),
  Command.withSubcommands([
    plain("status", "status", "Who runs, and where"),
    plain("add-runner", "add runner", "Start one more runner"),
    plain("add-front", "add front", "Start one more front"),
    ...forBoth("stop", "Drain and end"),
    ...forBoth("kill", "End without warning"),
    ...forBoth("pause", "Freeze"),
    ...forBoth("continue", "Let go on"),
    plain("quit", "quit", "Stop everything")
  ])
)
