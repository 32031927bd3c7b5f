/** Several datacenters: what crosses between them for a post, how late it is read there, and how fast they come together again. */
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, References } from "effect"
import { type Bench, type BenchOptions, type Goal, whole } from "../harness/Bench.ts"
import type { Chart } from "../harness/Svg.ts"
import type { Table } from "../harness/Table.ts"
import { UsageError } from "../harness/Options.ts"
import * as Crossing from "./crossing.ts"
import * as Ground from "./ground.ts"
import * as Repair from "./repair.ts"

const followerCounts = [1, 10, 100, 1_000, 5_000]
const latencies = [80, 200]
const lateMillis = 150
/** Posts at 50 a second. */
const anHour = 180_000
const round = (value: number, digits = 2): number => Number(value.toFixed(digits))

const goalsOf = (crossings: ReadonlyArray<Crossing.Crossing>, visibles: ReadonlyArray<Visible>): ReadonlyArray<Goal> => {
  const messages = crossings.map((crossing) => crossing.messages)
  const crossed = { what: "messages that cross per post, whatever the followers", goal: "≤ 1.2, flat", measured: messages.map((each) => round(each)).join(", "), isMet: Math.max(...messages) <= 1.2 }
  return [
    ...(crossings.length > 0 ? [crossed] : []),
    ...visibles.map(({ latency, p99 }) => ({
      what: `p99 from acknowledgement to visible at ${latency} ms latency, 50 posts/s`,
      goal: `< ${latency + lateMillis} ms`,
      measured: `${round(p99, 0)} ms`,
      isMet: p99 < latency + lateMillis
    }))
  ]
}

const parts = ["visible", "crossing", "repair", "copies"] as const
type Part = (typeof parts)[number]

const partsOf = ({ more }: BenchOptions): ReadonlyArray<Part> => {
  const given = more.get("parts")?.split(",") ?? parts
  const unknown = given.find((name) => !parts.some((part) => part === name))
  if (unknown !== undefined) throw new UsageError(`--parts knows ${parts.join(", ")}, not "${unknown}"`)
  return given as ReadonlyArray<Part>
}

type Visible = Crossing.Visible & { readonly latency: number }

interface Figures {
  readonly visibles: ReadonlyArray<Visible>
  readonly crossings: ReadonlyArray<Crossing.Crossing>
  readonly repairs: ReadonlyArray<Repair.Repair>
  readonly copies: ReadonlyArray<Repair.Copies>
}

const visibleAt = (ground: Ground.Ground, latency: number, seconds: number) =>
  Effect.suspend(() => {
    ground.seas.waters.setLatency(latency)
    return Effect.map(Crossing.visible(ground, seconds), (figure): Visible => ({ ...figure, latency }))
  })

const measure = (options: BenchOptions, wanted: ReadonlyArray<Part>) =>
  Effect.gen(function*() {
    const { scale, seconds, seed } = options
    const some = <A, B, E>(part: Part, of: ReadonlyArray<A>, run: (one: A, i: number) => Effect.Effect<B, E>) =>
      Effect.forEach(wanted.includes(part) ? of : [], run)
    const behind = whole(options, "backlog", Math.round(anHour * scale))
    const copiesMax = Math.round(1_000 * Math.min(1, scale * 2))
    const ground = yield* Ground.make(seed, copiesMax)
    const visibles = yield* some("visible", latencies, (latency) => visibleAt(ground, latency, seconds))
    ground.seas.waters.setLatency(latencies[0]!)
    const posts = Math.max(30, Math.round(150 * scale))
    const crossings = yield* some("crossing", followerCounts, (followers, i) => Crossing.crossing(ground, i + 2, followers, posts))
    const repairs = yield* some("repair", [Repair.backlog, Repair.trickle, Repair.lost], (recover) => recover(ground, behind, seconds))
    const pages = Math.round(600 * scale) + 100
    const copies = yield* some("copies", [copiesMax], (max) => Repair.copies(ground, max * 5, max, pages, Seeded.make(seed)))
    const figures: Figures = { visibles, crossings, repairs, copies }
    return figures
  })

const tablesOf = ({ copies, crossings, repairs, visibles }: Figures): ReadonlyArray<Table> => [
  {
    title: "What crosses for a post, by its followers in the other datacenter",
    columns: ["followers there", "messages", "bytes", "messages of a relay per follower", "its bytes"],
    rows: crossings.map((each) => [each.followers, round(each.messages), round(each.bytes, 0), each.relayMessages, each.relayBytes])
  },
  {
    title: "From acknowledgement to visible in the other datacenter, 50 posts/s, ms",
    columns: ["latency", "p50", "p99", "posts"],
    rows: visibles.map((each) => [each.latency, round(each.p50, 0), round(each.p99, 0), each.posts])
  },
  {
    title: `Coming together again after an outage, at ${latencies[0]} ms latency and 50 posts/s of live traffic`,
    columns: ["what lacked", "posts", "seconds until there", "posts/s", "until in timelines", "MB more", "live p50, ms", "p99"],
    rows: repairs.map((each) => [
      each.what,
      each.posts,
      round(each.seconds, 1),
      Math.round(each.posts / each.seconds),
      round(each.fannedOutSeconds, 1),
      round(each.megabytes, 0),
      round(each.live.p50, 0),
      round(each.live.p99, 0)
    ])
  },
  {
    title: "Remote copies under reads by Zipf's law",
    columns: ["posts", "copies kept", "reads", "found among the copies", "the best there could be"],
    rows: copies.map((each) => [each.posts, each.copies, each.reads, round(each.hitRate, 3), round(each.bestRate, 3)])
  }
]

const chartOf = (crossings: ReadonlyArray<Crossing.Crossing>): Chart => ({
  name: "messages",
  title: "Messages that cross per post",
  x: { label: "followers in the other datacenter", isLog: true },
  y: { label: "messages", isLog: true },
  series: [
    { label: "gossip", points: crossings.map((each) => [each.followers, each.messages] as const) },
    { label: "relay per follower", points: crossings.map((each) => [each.followers, each.relayMessages] as const) }
  ]
})

const run = (options: BenchOptions) =>
  measure(options, partsOf(options)).pipe(
    Effect.map((figures) => ({
      tables: tablesOf(figures).filter((table) => table.rows.length > 0),
      charts: figures.crossings.length > 0 ? [chartOf(figures.crossings)] : [],
      goals: goalsOf(figures.crossings, figures.visibles),
      data: figures
    })),
    Effect.provideService(References.MinimumLogLevel, "Error")
  )

export const oceans: Bench = {
  name: "oceans",
  about: "messages between datacenters per post, how late posts are read there, repair, and copies of contents",
  options: {
    backlog: "posts that are caught up with after an outage; an hour of 50/s, 180,000, times the scale",
    parts: "visible, crossing, repair, copies: those of them to run, with commas between (all)"
  },
  run
}
