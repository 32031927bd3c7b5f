/** The same without Rookery: timelines and follower sets in Redis, idle sockets on a bare `ws` server. */
import { Effect } from "effect"
import * as BareServer from "../baselines/bareServer.ts"
import * as BareSockets from "../baselines/bareSockets.ts"
import { fillTimelines, idAt } from "../baselines/fillTimelines.ts"
import * as OwnRedis from "../baselines/ownRedis.ts"
import { addedBytes } from "../baselines/redisMemory.ts"
import * as Resp from "../baselines/RespClient.ts"
import { listScript, zaddPipelined } from "../baselines/timelinesInRedis.ts"
import { temporaryFolder } from "../harness/temporaryFolder.ts"
import * as Probing from "./probing.ts"
import { told, type Unit } from "./unit.ts"

export interface Wanted {
  /** Of each timeline. */
  readonly entries: number
  readonly timelines: number
  /** That count, after so many others that warm up. */
  readonly sockets: number
  readonly warmSockets: number
  /** How many follow each author. */
  readonly followers: ReadonlyArray<number>
}

/** Of 100 kB each at most; more of them cost no less. */
const timelinesMax = 2_000

const kinds = [{ name: "sorted set", way: zaddPipelined }, { name: "list", way: listScript }]

const timelinesIn = (port: number, { name, way }: (typeof kinds)[number], { entries, timelines }: Wanted) => {
  const count = Math.min(timelinesMax, timelines)
  return Effect.map(
    addedBytes(port, (client) => fillTimelines(client, way(entries), count)),
    (bytes) => told(`timeline of ${entries}, Redis ${name} of post ids`, `timeline: Redis ${name}`, count, bytes / count)
  )
}

/** Account ids as they are told to clients; each set has the first of them, as many as follow. */
const followersIn = Effect.fnUntraced(function*(port: number, followers: ReadonlyArray<number>) {
  const start = Date.now()
  const ids = Array.from({ length: Math.max(...followers) }, (_, i) => idAt(start, i))
  const count = followers.reduce((sum, number) => sum + number, 0)
  const bytes = yield* addedBytes(port, async (client) => {
    for (const [author, number] of followers.entries()) {
      if (number > 0) await client.send(Resp.command("SADD", `followers:${idAt(start, author)}`, ...ids.slice(0, number)), 1)
    }
  })
  const mean = Math.round(count / followers.length)
  return told(`follower in a Redis set (${followers.length} of ${mean} each)`, "follower: Redis set", count, bytes / count)
})

const socketsOn = Effect.fnUntraced(function*(redisPort: number, { sockets, warmSockets }: Wanted) {
  const probeFolder = yield* temporaryFolder
  const server = yield* BareServer.start(redisPort, Probing.environment(probeFolder))
  const added = yield* BareSockets.open(server, probeFolder, {
    path: BareSockets.timelinePath,
    onText: () => {},
    warm: warmSockets,
    count: sockets
  })
  return { what: "idle WebSocket on a bare ws server", label: "WebSocket: bare ws", count: sockets, goal: undefined, ...added } satisfies Unit
})

/** One after the other, each on servers of its own. */
export const measureBaselines = Effect.fnUntraced(function*(wanted: Wanted) {
  const baseline = <E, R>(measure: (port: number) => Effect.Effect<Unit, E, R>) =>
    Effect.scoped(Effect.flatMap(OwnRedis.start(), ({ port }) => Effect.map(measure(port), (unit): Unit => ({ ...unit, isBaseline: true }))))
  return {
    timelines: yield* Effect.forEach(kinds, (kind) => baseline((port) => timelinesIn(port, kind, wanted))),
    socket: yield* baseline((port) => socketsOn(port, wanted)),
    follower: yield* baseline((port) => followersIn(port, wanted.followers))
  }
})
