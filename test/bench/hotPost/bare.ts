/** A like as one transaction on the same Postgres, as if there were no PostOwner: every one waits for the row of the post. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { Reactivity } from "effect/reactivity"
import * as Histogram from "../harness/Histogram.ts"

export interface BareFigure {
  readonly way: string
  readonly likes: number
  readonly likesPerSecond: number
  readonly latency: Histogram.Summary
  readonly isExact: boolean
}

/** As many as a runner has. */
const connectionsMax = 10

const schema = [
  "DROP TABLE IF EXISTS bare_posts, bare_likes",
  "CREATE TABLE bare_posts (id bigint PRIMARY KEY, likes integer NOT NULL DEFAULT 0) WITH (fillfactor = 70)",
  "CREATE TABLE bare_likes (post bigint, account bigint, PRIMARY KEY (post, account))",
  "INSERT INTO bare_posts VALUES (1, 0)"
]
const insert = "INSERT INTO bare_likes (post, account) VALUES (1, $1)"
const update = "UPDATE bare_posts SET likes = likes + 1 WHERE id = 1"

const ways = [
  {
    name: "BEGIN, INSERT, UPDATE, COMMIT",
    like: (sql: PgClient.PgClient, account: number) =>
      sql.withTransaction(Effect.andThen(sql.unsafe(insert, [account]), sql.unsafe(update)))
  },
  {
    name: "one statement that does both",
    like: (sql: PgClient.PgClient, account: number) => sql.unsafe(`WITH liked AS (${insert}) ${update}`, [account])
  }
]

const measureWay = Effect.fnUntraced(function*(sql: PgClient.PgClient, way: (typeof ways)[number], seconds: number) {
  for (const statement of schema) yield* sql.unsafe(statement)
  const latency = Histogram.make()
  const started = performance.now()
  const end = started + seconds * 1000
  let account = 0
  const one = Effect.suspend(() => {
    const at = performance.now()
    return Effect.map(way.like(sql, ++account), () => Histogram.record(latency, performance.now() - at))
  }).pipe(Effect.repeat({ while: () => performance.now() < end }))
  yield* Effect.forEach(Array.from({ length: connectionsMax }), () => one, { concurrency: connectionsMax, discard: true })
  const likesPerSecond = latency.count / ((performance.now() - started) / 1000)
  const [row] = yield* sql.unsafe<{ likes: number; set: bigint }>(
    "SELECT likes, (SELECT count(*) FROM bare_likes) AS set FROM bare_posts")
  const isExact = row!.likes === latency.count && Number(row!.set) === latency.count
  return { way: way.name, likes: latency.count, likesPerSecond, latency: Histogram.summary(latency), isExact } satisfies BareFigure
})

/** Without HTTP, accounts, blocks and notifications, and every connection busy: what one row takes at most. */
export const measureBare = (postgresUrl: string, seconds: number): Effect.Effect<Array<BareFigure>, unknown> =>
  Effect.scoped(Effect.gen(function*() {
    const sql = yield* PgClient.make({ url: Redacted.make(postgresUrl), maxConnections: connectionsMax, startupParameters: { jit: "off" } })
    return yield* Effect.forEach(ways, (way) => measureWay(sql, way, seconds))
  })).pipe(Effect.provide(Reactivity.layer))
