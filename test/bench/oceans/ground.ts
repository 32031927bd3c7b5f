/** Two datacenters as the bench measures them: durable databases, NATS servers joined through proxies with latency. */
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { join } from "node:path"
import { temporaryFolder } from "../../datacenters/union/oceans.ts"
import * as Seas from "../../datacenters/union/seas.ts"
import * as Union from "../../datacenters/union/union.ts"
import * as Waters from "../../datacenters/union/waters.ts"

export interface Ground {
  readonly seas: Seas.Seas
  readonly east: Seas.Datacenter
  readonly west: Seas.Datacenter
  /** Authors live in the east, the reader in the west. */
  readonly authors: ReadonlyArray<Union.Person>
  readonly reader: Union.Person
}

const authorsMax = 8

export const make = (seed: number, copiesMax: number) =>
  Effect.gen(function*() {
    const folder = yield* temporaryFolder
    const postgres = yield* EmbeddedPostgres.start({ folder: join(folder, "postgres") })
    const seas = yield* Seas.make({
      postgresUrl: postgres.url,
      seed,
      datacenters: 2,
      copiesMax,
      gossip: { countsMillis: 1_000, repairMillis: 5_000, walkMillis: 5_000 },
      waters: (names) => Waters.overNats(names, join(folder, "nats"))
    })
    const { people } = yield* Union.make(seas, 2 * authorsMax)
    const [east, west] = seas.all as [Seas.Datacenter, Seas.Datacenter]
    const ground: Ground = { seas, east, west, authors: people.filter(({ home }) => home === east), reader: people.find(({ home }) => home === west)! }
    yield* awaitTold(ground)
    yield* awaitCount(west, 2 * authorsMax, (sql) => sql`SELECT count(*) AS n FROM accounts`)
    yield* Effect.forEach(ground.authors, ({ id }) => west.life()!.client.setFollow(ground.reader.id, id, true))
    return ground
  })

const patience = "480 seconds"

type Count = (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<{ readonly n: bigint }>, unknown>

/** Waits until a count is reached; looks so often, which costs as much as the count does. */
export const awaitCount = (at: Seas.Datacenter, least: number, count: Count, everyMillis = 20) =>
  at.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
    count(sql).pipe(
      Effect.filterOrFail(([row]) => Number(row!.n) >= least, ([row]) => new Error(`${row!.n} of ${least}`)),
      Effect.retry(Schedule.upTo(Schedule.spaced(everyMillis), { duration: patience }))
    )))

/** Until the east has told all. */
export const awaitTold = ({ east }: Ground) =>
  east.life()!.world.gossip.backlog.pipe(
    Effect.filterOrFail(({ rows }) => rows === 0, () => new Error("not told")),
    Effect.retry(Schedule.upTo(Schedule.spaced("20 millis"), { duration: patience }))
  )

export const postsHere = ({ from, mark, to }: Added): Count => (sql) =>
  sql<{ n: bigint }>`SELECT count(*) AS n FROM posts WHERE id BETWEEN ${from} AND ${to} AND id & 4095 = ${mark}::int AND deleted_at IS NULL`

/** One less for each of them that is still to be fanned out. */
export const fannedOut = ({ count, from, mark, to }: Added): Count => (sql) =>
  sql<{ n: bigint }>`
    SELECT ${count}::int - count(*) AS n FROM outbox WHERE post_id BETWEEN ${from} AND ${to} AND post_id & 4095 = ${mark}::int`

let followersMade = 1_000_000

/** Followers in the west, written past the actors before the author's wakes there. */
export const addFollowers = ({ west }: Ground, author: AccountId, count: number) =>
  west.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql.withTransaction(Effect.gen(function*() {
      yield* sql`SELECT set_config('rookery.quiet', 'on', true)`
      const machine = Snowflake.machineOf(author) + 100
      const made = followersMade
      followersMade += count
      yield* sql`
        WITH made AS (
          INSERT INTO accounts (id, shard, username, username_key)
          SELECT (i::bigint << 22) | (${machine}::bigint << 12), 1 + i % 127, 'f' || i, 'f' || i
          FROM generate_series(${made + 1}::int, ${made + count}::int) i RETURNING id, no, shard
        ), authors AS (INSERT INTO authors (account, no) SELECT id, no FROM made),
        readers AS (INSERT INTO readers (account) SELECT id FROM made)
        INSERT INTO follows (follower, followee, follower_no, followee_no, follower_shard, active)
        SELECT m.id, a.id, m.no, a.no, m.shard, true FROM made m, accounts a WHERE a.id = ${author}`
      yield* sql`UPDATE authors SET followers = followers + ${count}::int WHERE account = ${author}`
    }))))

/** Tells calls apart, in the ids' sequence. */
let calls = 0

export interface Added {
  readonly from: PostId
  readonly to: PostId
  readonly mark: number
  readonly count: number
}

const insertedAtOnce = 10_000
/** Between two posts: 50 of them make a second. */
const apartMillis = 20

/** Posts of all authors written past the actors, as an hour's worth of 50 a second, each call's before the last one's. Quietly: never told. */
export const addPosts = ({ authors, east }: Ground, count: number, quietly: boolean) =>
  east.run(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const mark = ++calls
    const first = BigInt(Date.now() - mark * (120_000 + count * apartMillis) - Snowflake.epochMillis)
    const ids = authors.map(({ id }) => String(id))
    for (let from = 0; from < count; from += insertedAtOnce) {
      yield* sql.withTransaction(Effect.gen(function*() {
        if (quietly) yield* sql`SELECT set_config('rookery.quiet', 'on', true)`
        yield* sql`
          INSERT INTO posts (id, author, author_no, visibility, text)
          SELECT ((${first}::bigint + i * ${apartMillis}::int) << 22) | (a.id & 4190208) | ${mark}::int, a.id, a.no, 0, 'post ' || i
          FROM generate_series(${from + 1}::int, ${Math.min(count, from + insertedAtOnce)}::int) i
          JOIN unnest(${ids}::bigint[]) WITH ORDINALITY AS w (id, n) ON w.n = 1 + i % ${ids.length}::int JOIN accounts a ON a.id = w.id`
      }))
    }
    const added: Added = { from: (first << 22n) as PostId, to: ((first + BigInt((count + 1) * apartMillis)) << 22n) as PostId, mark, count }
    return added
  }))
