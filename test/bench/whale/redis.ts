/** The same post in Redis: pushed into as many timelines, each a sorted set at its cap, whose encoding is that of large ones. */
import { windowEntriesMax } from "@rookery/domain/Limits"
import { Effect } from "effect"
import { fillTimelines, idAt, timelineOf } from "../baselines/fillTimelines.ts"
import * as OwnRedis from "../baselines/ownRedis.ts"
import * as Resp from "../baselines/RespClient.ts"
import { type Way, zaddPipelined, zaddScript } from "../baselines/timelinesInRedis.ts"
import * as BenchCluster from "../cluster/BenchCluster.ts"
import { processCpu } from "../harness/processCpu.ts"
import type { WhaleFigure } from "./whale.ts"

const ways = [zaddPipelined, zaddScript]

/** What the timelines of one measurement may take, and what each and each of its entries does take, in bytes. */
const memoryMax = 3e9
const timelineBytes = 1_000
const entryBytes = 130
/** Crowds whose timelines cannot have as many have no baseline. */
const entriesMin = 10

/** Of one way and size, after which no further post is sent. */
const secondsMax = 5

/** Of one command or script, and how many of these are on their way at once: Redis is never idle, and never gone for long. */
const timelinesAtOnce = 1_000
const inFlight = 8

const entriesOf = (followers: number): number =>
  Math.min(windowEntriesMax, Math.floor((memoryMax / followers - timelineBytes) / entryBytes))

/** Resolves with the last answer. */
const push = async (client: Resp.RespClient, way: Way, id: string, followers: number): Promise<void> => {
  let at = 0
  const next = async (): Promise<void> => {
    while (at < followers) {
      const readers = Array.from({ length: Math.min(timelinesAtOnce, followers - at) }, (_, i) => timelineOf(at + i))
      at += readers.length
      const { bytes, replies } = way.deliver(id, readers)
      await client.send(bytes, replies)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, next))
}

/** The last timeline ends with the post, and is no longer than its cap. */
const check = async (client: Resp.RespClient, way: Way, id: string, followers: number): Promise<void> => {
  const key = timelineOf(followers - 1)
  const length = await client.ask(Resp.command("ZCARD", key))
  const newest = await client.ask(Resp.command("ZRANGE", key, "-1", "-1"))
  if (length === `:${way.entries}\r\n` && newest.includes(id)) return
  throw new Error(`${way.name}: the last timeline has ${length.trim()} entries, and its newest is ${JSON.stringify(newest)} instead of ${id}`)
}

let posts = 0

const pushOnce = (client: Resp.RespClient, pid: number, way: Way, followers: number) =>
  Effect.gen(function*() {
    const id = idAt(Date.now(), posts++)
    const watched = [{ name: "redis", pid }]
    const before = yield* processCpu(watched)
    const start = performance.now()
    yield* Effect.promise(() => push(client, way, id, followers))
    const seconds = (performance.now() - start) / 1_000
    const after = yield* processCpu(watched)
    yield* Effect.promise(() => check(client, way, id, followers))
    return { seconds, messages: undefined, cpuSeconds: after["redis"]! - before["redis"]! }
  })

/** The middle of as many posts as there is time for, of which the first, where there are more, warms up. */
const measureWay = Effect.fnUntraced(function*(client: Resp.RespClient, pid: number, way: Way, followers: number, repeats: number) {
  const runs = [yield* pushOnce(client, pid, way, followers)]
  let spent = runs[0]!.seconds
  while (runs.length <= repeats && spent < secondsMax) {
    const run = yield* pushOnce(client, pid, way, followers)
    spent += run.seconds
    runs.push(run)
  }
  const counted = runs.length > 1 ? runs.slice(1) : runs
  const middle = counted.sort((a, b) => a.seconds - b.seconds)[counted.length >> 1]!
  yield* BenchCluster.say(`${way.name} to ${followers} of ${way.entries}: ${(middle.seconds * 1_000).toFixed(1)} ms`)
  return { followers, mode: `Redis, ${way.name}`, entries: way.entries, ...middle } satisfies WhaleFigure
})

/** A server for each size, which is stopped sooner than it would be empty again. */
const measureSize = Effect.fnUntraced(function*(followers: number, repeats: number) {
  const server = yield* OwnRedis.start(["--zset-max-listpack-entries", "0"])
  const client = yield* OwnRedis.connect(server.port)
  const entries = entriesOf(followers)
  yield* Effect.promise(() => fillTimelines(client, zaddPipelined(entries), followers))
  return yield* Effect.forEach(ways, (way) => measureWay(client, server.pid, way(entries), followers, repeats))
})

/** Each way for each of these numbers of followers that memory allows, in the order of the ways. */
export const measureRedis = (sizes: ReadonlyArray<number>, repeats: number) =>
  Effect.map(
    Effect.forEach(sizes.filter((followers) => entriesOf(followers) >= entriesMin), (followers) => Effect.scoped(measureSize(followers, repeats))),
    (figures) => ways.flatMap((_, i) => figures.map((ofSize) => ofSize[i]!))
  )
