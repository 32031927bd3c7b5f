/** What datacenters must agree on, read from their databases side by side, each part as a list of lines. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { broken } from "../../oracle/world.ts"
import type { Datacenter, Seas } from "./seas.ts"

type Lines = ReadonlyArray<string>

const lines = (datacenter: Datacenter, statement: (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<unknown>, unknown>) =>
  datacenter.run(Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.map(statement(sql), (rows) => rows.map((row) => JSON.stringify(row)))))

/** Known everywhere: public, unlisted and private posts that stand, tombstones, accounts with their numbers, counters. */
const everywhere: Readonly<Record<string, (sql: SqlClient.SqlClient) => Effect.Effect<ReadonlyArray<unknown>, unknown>>> = {
  posts: (sql) => sql`
    SELECT id::text, author::text, visibility, version, reply_to::text, repost_of::text FROM posts
    WHERE deleted_at IS NULL AND visibility < 3 ORDER BY id`,
  tombstones: (sql) => sql`SELECT id::text FROM posts WHERE deleted_at IS NOT NULL ORDER BY id`,
  accounts: (sql) => sql`SELECT id::text, username, display_name, locked, disabled_at IS NOT NULL AS disabled FROM accounts ORDER BY id`,
  numbers: (sql) => sql`
    SELECT a.id::text, w.statuses, CASE WHEN a.remote THEN 0 ELSE w.followers END + w.followers_elsewhere AS followers,
      coalesce(r.following, w.following_elsewhere) AS following
    FROM accounts a JOIN authors w ON w.account = a.id LEFT JOIN readers r ON r.account = a.id ORDER BY a.id`,
  counters: (sql) => sql`
    SELECT p.id::text, coalesce(c.likes, 0) AS likes, coalesce(c.reposts, 0) AS reposts, coalesce(c.replies, 0) AS replies
    FROM posts p LEFT JOIN post_counts c ON c.post_id = p.id WHERE p.deleted_at IS NULL AND p.visibility < 3 ORDER BY p.id`
}

/** Known in the two homes of a pair. */
const pairs: Readonly<Record<string, (sql: SqlClient.SqlClient, one: number, other: number) => Effect.Effect<ReadonlyArray<unknown>, unknown>>> = {
  follows: (sql, one, other) => sql`
    SELECT follower::text, followee::text FROM follows
    WHERE active AND home_of(follower) = ${one}::smallint AND home_of(followee) = ${other}::smallint ORDER BY 1, 2`,
  requests: (sql, one, other) => sql`
    SELECT account::text, target::text FROM follow_requests
    WHERE home_of(account) = ${one}::smallint AND home_of(target) = ${other}::smallint ORDER BY 1, 2`,
  blocks: (sql, one, other) => sql`
    SELECT account::text, target::text FROM blocks
    WHERE home_of(account) = ${one}::smallint AND home_of(target) = ${other}::smallint ORDER BY 1, 2`
}

const compare = (what: string, here: readonly [string, Lines], there: readonly [string, Lines]) => {
  const [only, missing] = [here[1].filter((line) => !there[1].includes(line)), there[1].filter((line) => !here[1].includes(line))]
  if (only.length === 0 && missing.length === 0 && here[1].length === there[1].length) return Effect.void
  return broken(`${what} agree after healing (I5)`, { [`only in ${here[0]}`]: only.slice(0, 5), [`only in ${there[0]}`]: missing.slice(0, 5) })
}

/** Fails with the first difference between any two. */
export const check = ({ all }: Seas): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const [first, ...rest] = all as [Datacenter, ...Array<Datacenter>]
    for (const [what, statement] of Object.entries(everywhere)) {
      const expected = yield* lines(first, statement)
      for (const other of rest) yield* compare(what, [first.name, expected], [other.name, yield* lines(other, statement)])
    }
    for (const [what, statement] of Object.entries(pairs)) {
      for (const one of all) {
        for (const other of all.filter((datacenter) => datacenter !== one)) {
          const [here, there] = yield* Effect.all([one, other].map((at) => lines(at, (sql) => statement(sql, one.number, other.number))))
          yield* compare(`${what} from ${one.name} to ${other.name}`, [one.name, here!], [other.name, there!])
        }
      }
    }
  })
