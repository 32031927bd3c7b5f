/** What an operator may tell a running local cluster, by a line on its terminal or through its control port. */
import { Effect } from "effect"
import type { Kind, LocalCluster, Member } from "./LocalCluster.ts"
import type { MemberError } from "./MemberProcess.ts"

export const HELP = `add runner|front           start one more
stop runner|front N        drain it and end it
kill runner|front N        end it without warning (SIGKILL)
pause runner|front N       freeze it (SIGSTOP)
continue runner|front N    let it go on (SIGCONT)
status                     who runs, and where
help                       this
quit                       stop everything`

/** What was made of a command; `quit` asks the program to end. */
export interface Answer {
  readonly text: string
  readonly ok: boolean
  readonly quit?: boolean
}

const SIGNALS = { kill: "SIGKILL", pause: "SIGSTOP", continue: "SIGCONT" } as const

/** Carries out one line. Never fails: what went wrong is in the answer. */
export const execute = (cluster: LocalCluster, line: string): Effect.Effect<Answer> => {
  const [verb = "", kind = "", number = "", ...rest] = line.trim().toLowerCase().split(/\s+/)
  if (verb === "help" || verb === "") return Effect.succeed({ ok: true, text: HELP })
  if (verb === "status" && kind === "") return Effect.sync(() => ({ ok: true, text: describeAll(cluster) }))
  if ((verb === "quit" || verb === "exit") && kind === "") return Effect.succeed({ ok: true, text: "stopping", quit: true })
  if (!isKind(kind) || rest.length > 0) return Effect.succeed(unknown(line))
  if (verb === "add" && number === "") return answer(add(cluster, kind))
  const member = cluster.members().find((other) => other.kind === kind && `${other.number}` === number)
  if (member === undefined && number === "") return Effect.succeed({ ok: false, text: `say which: ${verb} ${kind} N; see "status"` })
  if (member === undefined) return Effect.succeed({ ok: false, text: `no ${kind} ${number} runs; see "status"` })
  if (verb === "stop") return answer(Effect.as(member.stop, `${member.name} stopped`))
  if (Object.hasOwn(SIGNALS, verb)) {
    const signal = SIGNALS[verb as keyof typeof SIGNALS]
    return answer(Effect.as(member.kill(signal), `${member.name} was sent ${signal}`))
  }
  return Effect.succeed(unknown(line))
}

export const describe = (member: Member): string =>
  `${member.name.padEnd(10)} pid ${String(member.pid).padEnd(8)} cluster 127.0.0.1:${member.clusterPort}  ${member.url}`

const describeAll = (cluster: LocalCluster): string => {
  const lines = cluster.members().map(describe)
  return lines.length === 0 ? "no runner and no front" : lines.join("\n")
}

const add = (cluster: LocalCluster, kind: Kind): Effect.Effect<string, MemberError> =>
  Effect.map(kind === "runner" ? cluster.startRunner() : cluster.startFront(), describe)

const answer = (work: Effect.Effect<string, MemberError>): Effect.Effect<Answer> =>
  Effect.match(work, {
    onSuccess: (text) => ({ ok: true, text }),
    onFailure: (error) => ({ ok: false, text: error.message })
  })

const isKind = (word: string): word is Kind => word === "runner" || word === "front"

const unknown = (line: string): Answer => ({ ok: false, text: `not understood: ${line.trim()}\n${HELP}` })
