/** Complete datacenters as processes, to do harm to; and when each was harmed, since its fronts may then leave a request without an answer. */
import * as LocalDatacenters from "@rookery/cluster/local/LocalDatacenters"
import type { Kind, Member } from "@rookery/cluster/local/LocalCluster"
import type { LocalDatacenter } from "@rookery/cluster/local/LocalDatacenter"
import { UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"

export interface Ground extends LocalDatacenters.LocalDatacenters {
  readonly names: ReadonlyArray<string>
  /** When a front of each, or all of it, was stopped last, or will be soon; by `performance.now()`. Infinity until it is back. */
  readonly harmedAt: Map<string, number>
  /** The end of what every member said, for a test that failed. */
  readonly said: () => string
}

export interface Size {
  readonly datacenters: number
  readonly runners: number
  readonly fronts: number
}

/** Few followers make an author pulled, so that random people cross it: each datacenter has a watcher and a few people more. Locks that expire soon make tests short. */
const settingsFrom = (random: Seeded): Readonly<Record<string, string>> => ({
  LOG_LEVEL: "Warn",
  FANOUT_PUSH_THRESHOLD: String(2 + random.int(3)),
  REMOTE_FETCH_AHEAD_READERS: String(random.pick([1, 2, 1_000])),
  REPAIR_INTERVAL_MILLIS: "2000",
  SHARD_LOCK_EXPIRATION_MILLIS: "6000",
  SHARD_LOCK_REFRESH_MILLIS: "1500"
})

const linesKept = 200
const lineCharactersMax = 300
const latencyMillisMax = 40

/** All of them run. */
export const make = (folder: string, size: Size, random: Seeded) =>
  Effect.gen(function*() {
    const names = LocalDatacenters.namesOf(size.datacenters)
    const lines: Array<string> = []
    const world = yield* LocalDatacenters.make({
      folder,
      datacenters: names,
      postgresSettings: UNSAFE_BUT_FAST,
      latencyMillis: random.int(latencyMillisMax),
      loss: random.pick([0, 0, 0.005]),
      env: settingsFrom(random),
      onLine: (datacenter, member, line) => {
        if (lines.push(`${new Date().toISOString()} ${datacenter} ${member}: ${line.slice(0, lineCharactersMax)}`) > linesKept) lines.shift()
      }
    })
    const members = { runners: size.runners, fronts: size.fronts }
    yield* Effect.forEach(names, (name) => world.datacenter(name).start(members), { concurrency: "unbounded", discard: true })
    const ground: Ground = { ...world, names, harmedAt: new Map(), said: () => lines.join("\n") }
    return ground
  })

/** How long after a harm requests may still find out about it. */
const echoMillis = 3_000

/** Whether a request at a front of `name`, sent at `sentAt`, may have been left without an answer. */
export const isExcused = ({ harmedAt }: Ground, name: string, sentAt: number): boolean =>
  (harmedAt.get(name) ?? Number.NEGATIVE_INFINITY) + echoMillis > sentAt

/** Runs what makes fronts of `name` leave requests alone until it has ended. */
export const harming = <A, E>({ harmedAt }: Ground, name: string, harm: Effect.Effect<A, E>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => void harmedAt.set(name, Number.POSITIVE_INFINITY)),
    () => harm,
    () => Effect.sync(() => void harmedAt.set(name, performance.now()))
  )

const membersOf = (datacenter: LocalDatacenter, kind: Kind): ReadonlyArray<Member> =>
  datacenter.cluster()?.members().filter((member) => member.kind === kind) ?? []

/** `kill -9` of one of them, and another in its place. */
export const replace = (ground: Ground, name: string, kind: Kind, random: Seeded) =>
  Effect.gen(function*() {
    const datacenter = ground.datacenter(name)
    yield* random.pick(membersOf(datacenter, kind)).kill("SIGKILL")
    const cluster = datacenter.cluster()!
    yield* kind === "runner" ? cluster.startRunner() : cluster.startFront()
  })
