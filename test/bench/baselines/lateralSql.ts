/**
 * The reads of the `feed` bench without Rookery: the lateral join on the same Postgres, with what a page shows of
 * each post and its author, but nothing rendered and no HTTP. As many clients as keep the server busy.
 */
import { PgClient } from "@effect/sql-pg"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import * as Histogram from "../harness/Histogram.ts"

export interface LateralOptions {
  readonly postgresUrl: string
  readonly accounts: ReadonlyArray<bigint>
  readonly seconds: number
  readonly seed: number
}

export interface LateralFigure {
  readonly name: string
  readonly readsPerSecond: number
  readonly latency: Histogram.Summary
}

/** With two cores shared by server and client, more only wait for each other. */
const clients = 8
const pageLength = 20

const shown = `p.id, p.text, p.spoiler, p.sensitive, p.visibility, p.language, p.reply_to, p.repost_of, p.edited_at,
  a.id AS author, a.username, a.display_name, a.note, a.locked, a.bot, w.followers, w.statuses, r.following,
  coalesce(c.likes, 0) AS likes, coalesce(c.reposts, 0) AS reposts, coalesce(c.replies, 0) AS replies`

const around = `JOIN accounts a ON a.id = p.author JOIN authors w ON w.account = p.author
  JOIN readers r ON r.account = p.author LEFT JOIN post_counts c ON c.post_id = p.id`

const home = `SELECT ${shown} FROM (
    SELECT e.* FROM (
      SELECT followee AS author FROM follows WHERE follower = $1 AND active UNION ALL SELECT $1
    ) f CROSS JOIN LATERAL (
      SELECT * FROM posts WHERE author = f.author AND deleted_at IS NULL AND visibility < 3
      ORDER BY id DESC LIMIT ${pageLength}
    ) e ORDER BY e.id DESC LIMIT ${pageLength}
  ) p ${around} ORDER BY p.id DESC`

const user = `SELECT ${shown} FROM (
    SELECT * FROM posts WHERE author = $1 AND deleted_at IS NULL AND visibility < 2 ORDER BY id DESC LIMIT ${pageLength}
  ) p ${around} ORDER BY p.id DESC`

const ways = [
  { name: "home, lateral join", homeShare: 1 },
  { name: "2/3 home, 1/3 user timeline", homeShare: 2 / 3 }
]

const measureWay = (sql: PgClient.PgClient, way: (typeof ways)[number], options: LateralOptions) =>
  Effect.gen(function*() {
    const latency = Histogram.make()
    const started = performance.now()
    const end = started + options.seconds * 1000
    const client = (random: Seeded.Seeded) =>
      Effect.suspend(() => {
        const sentAt = performance.now()
        return Effect.map(
          sql.unsafe(random.chance(way.homeShare) ? home : user, [random.pick(options.accounts)]),
          () => Histogram.record(latency, performance.now() - sentAt)
        )
      }).pipe(Effect.repeat({ while: () => performance.now() < end }))
    const seeds = Seeded.make(options.seed)
    yield* Effect.forEach(
      Array.from({ length: clients }, () => seeds.fork()),
      client,
      { concurrency: clients, discard: true }
    )
    const readsPerSecond = latency.count / ((performance.now() - started) / 1000)
    return { name: way.name, readsPerSecond, latency: Histogram.summary(latency) }
  })

export const measureLateral = (options: LateralOptions): Effect.Effect<Array<LateralFigure>, unknown> =>
  Effect.scoped(Effect.gen(function*() {
    const sql = yield* PgClient.make({
      url: Redacted.make(options.postgresUrl),
      maxConnections: clients,
      startupParameters: { jit: "off" }
    })
    return yield* Effect.forEach(ways, (way) => measureWay(sql, way, options))
  })).pipe(Effect.provide(Reactivity.layer))

export const lateralTable = (figures: ReadonlyArray<LateralFigure>) => ({
  title: "Postgres by itself: the same reads by the lateral join",
  columns: ["reads", "reads/s", "p50 ms", "p99 ms"],
  rows: figures.map((figure) => [figure.name, figure.readsPerSecond, figure.latency.p50, figure.latency.p99])
})
