/** What the local cluster and the local datacenters have in common: operator commands, and `cluster.json` kept true. */
import * as ClusterFile from "@rookery/cluster/local/ClusterFile"
import * as ControlServer from "@rookery/cluster/local/ControlServer"
import type * as LocalCluster from "@rookery/cluster/local/LocalCluster"
import type * as operator from "@rookery/cluster/local/operator"
import { Deferred, Effect, Semaphore } from "effect"
import { createInterface } from "node:readline"

export const say = (text: string): void => console.log(text)

/** What runs, however many datacenters it is. */
export interface Operated {
  /** Where `cluster.json` is. */
  readonly folder: string
  /** Carries out one command. */
  readonly execute: (line: string) => Effect.Effect<operator.Answer>
  /** All that run now, each with a name of its own among all. */
  readonly members: () => ReadonlyArray<{ readonly name: string; readonly member: LocalCluster.Member }>
  readonly entry: (control: ControlServer.Control) => ClusterFile.ClusterEntry
}

/** Runs commands one at a time, from the terminal and the control port, until one of them says to quit. */
export const start = Effect.fnUntraced(function*({ entry, execute, folder, members }: Operated) {
  const quit = yield* Deferred.make<void>()
  const one = Semaphore.makeUnsafe(1)
  const writing = Semaphore.makeUnsafe(1)
  const watched = new Set<LocalCluster.Member>()
  const scope = yield* Effect.scope
  const line = (text: string): Effect.Effect<operator.Answer> =>
    execute(text).pipe(
      Effect.tap(() => announce),
      Effect.tap((answer) => answer.quit === true ? Deferred.succeed(quit, undefined) : Effect.void),
      one.withPermits(1)
    )
  const control = yield* ControlServer.start((text) => Effect.runPromise(line(text)))
  /** Also when a member ends by itself. */
  const announce: Effect.Effect<void> = Effect.suspend(() => {
    const fresh = members().filter(({ member }) => !watched.has(member))
    for (const { member } of fresh) watched.add(member)
    const watch = ({ member, name }: { readonly name: string; readonly member: LocalCluster.Member }) =>
      member.exited.pipe(
        Effect.tap((how) => Effect.sync(() => say(`${name} has ended (${how})`))),
        Effect.tap(() => Effect.sync(() => watched.delete(member))),
        Effect.andThen(Effect.suspend(() => announce)),
        Effect.forkIn(scope)
      )
    return Effect.andThen(
      writing.withPermits(1)(Effect.promise(() => ClusterFile.write(folder, entry(control)))),
      Effect.forEach(fresh, watch, { discard: true })
    )
  })
  yield* Effect.addFinalizer(() => Effect.promise(() => ClusterFile.remove(folder)))
  return { announce, untilQuit: Effect.andThen(Effect.forkScoped(readTerminal(line)), Deferred.await(quit)) }
})

export const memberEntry = (member: LocalCluster.Member): ClusterFile.ClusterEntry["members"][number] => ({
  kind: member.kind,
  number: member.number,
  pid: member.pid,
  address: `127.0.0.1:${member.clusterPort}`,
  url: member.url
})

/** The terminal's end (a script's closed stdin) is not a wish to stop. */
const readTerminal = (execute: (line: string) => Effect.Effect<operator.Answer>): Effect.Effect<void> =>
  Effect.callback<never>(() => {
    const lines = createInterface({ input: process.stdin })
    lines.on("line", (line) => void Effect.runPromise(execute(line)).then((answer) => say(answer.text)))
    return Effect.sync(() => lines.close())
  })
