/** What the people of one other datacenter did with posts, as that datacenter counts it. */
import type { CountsFact } from "@rookery/domain/GossipFact"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { int4s, int8s } from "../statement.ts"

/** The shown sum moves by the difference to what this datacenter had said before. */
export const counts = (
  sql: SqlClient.SqlClient,
  origin: number,
  facts: ReadonlyArray<CountsFact>
): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (facts.length === 0) return
    const ids = int8s(facts.map((fact) => fact.post))
    yield* sql`INSERT INTO post_counts (post_id) SELECT * FROM unnest(${ids}) ORDER BY 1 ON CONFLICT DO NOTHING`
    yield* sql`
      WITH locked AS MATERIALIZED (
        SELECT post_id FROM post_counts WHERE post_id = ANY(${ids}) ORDER BY post_id FOR NO KEY UPDATE
      ), fresh AS MATERIALIZED (
        SELECT i.*, coalesce(e.likes, 0) AS old_likes, coalesce(e.reposts, 0) AS old_reposts, coalesce(e.replies, 0) AS old_replies
        FROM unnest(${ids}, ${int8s(facts.map((fact) => BigInt(fact.version)))}, ${int4s(facts.map((fact) => fact.likes))},
          ${int4s(facts.map((fact) => fact.reposts))}, ${int4s(facts.map((fact) => fact.replies))})
          AS i (post_id, version, likes, reposts, replies)
        JOIN locked ON locked.post_id = i.post_id
        LEFT JOIN post_counts_elsewhere e ON e.post_id = i.post_id AND e.datacenter = ${origin}::smallint
        WHERE e.post_id IS NULL OR e.version < i.version
      ), kept AS (
        INSERT INTO post_counts_elsewhere (post_id, datacenter, version, likes, reposts, replies)
        SELECT post_id, ${origin}::smallint, version, likes, reposts, replies FROM fresh ORDER BY post_id
        ON CONFLICT (post_id, datacenter) DO UPDATE SET version = excluded.version, likes = excluded.likes,
          reposts = excluded.reposts, replies = excluded.replies
      )
      UPDATE post_counts c SET likes = c.likes + f.likes - f.old_likes, reposts = c.reposts + f.reposts - f.old_reposts,
        replies = c.replies + f.replies - f.old_replies
      FROM fresh f WHERE c.post_id = f.post_id`
  })
