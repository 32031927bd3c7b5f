/** The slow path of publishing: why rows were not inserted, and what their keys made before. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { PublishResult, PublishRow } from "../PostStore.ts"
import { postsOf as readPosts } from "./postRows.ts"
import { isFree, mediaColumns } from "./publishMedia.ts"
import { columnsOf, mayAnswer, mayRepost } from "./publishRows.ts"

/** Why a row was not inserted. `known` says that the author is there and enabled, at `version`. */
interface RefusedRow {
  readonly existing: PostId | null
  readonly known: boolean
  readonly version: bigint | null
  readonly found: boolean
  readonly lacks: boolean
}

const explain = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>) => {
  const columns = columnsOf(rows)
  const media = mediaColumns(rows)
  return sql<RefusedRow>`
    SELECT coalesce(k.post_id, r.wrapper) AS existing, w.account IS NOT NULL AS known, w.version,
      c.named IS NULL OR coalesce(CASE WHEN c.repost_of IS NULL THEN ${sql.literal(mayAnswer)}
        ELSE ${sql.literal(mayRepost)} END, false) AS found,
      c.ord IN (SELECT w.ord FROM unnest(${media.ords}, ${media.ids}) AS w (ord, id)
        WHERE w.id NOT IN (SELECT m.id FROM media m WHERE m.id = ANY(${media.ids}) AND ${sql.literal(isFree)}
          AND m.account = c.author)) AS lacks
    FROM (
      SELECT *, coalesce(repost_of, reply_to) AS named
      FROM unnest(${columns.authors}, ${columns.keys}, ${columns.replies}, ${columns.reposts}) WITH ORDINALITY
        AS i (author, key, reply_to, repost_of, ord)
    ) c
    LEFT JOIN write_keys k ON k.account = c.author AND k.key = c.key
    LEFT JOIN authors w ON w.account = c.author AND NOT w.disabled
    LEFT JOIN (posts t JOIN posts p ON p.id = coalesce(t.repost_of, t.id) AND p.deleted_at IS NULL
      JOIN authors o ON o.account = p.author AND NOT o.disabled) ON t.id = c.named AND t.deleted_at IS NULL
    LEFT JOIN reposts r ON r.account = c.author AND r.post_id = p.id AND c.repost_of IS NOT NULL
    ORDER BY c.ord`
}

/**
 * `bumped` is the version that this very batch gave the author. `Stale` also stands for what changed between the two
 * statements: the actor loads again and repeats.
 */
const refusalOf = (
  input: PublishRow,
  row: RefusedRow,
  posts: ReadonlyMap<PostId, Post>,
  bumped: number | undefined
): PublishResult => {
  const existing = row.existing === null ? undefined : posts.get(row.existing)
  if (existing !== undefined) return { _tag: "Repeated", post: existing }
  if (!row.known) return { _tag: "Unknown" }
  if (Number(row.version) !== (bumped ?? input.version ?? Number(row.version))) return { _tag: "Stale" }
  if (!row.found) return { _tag: "NotFound" }
  return row.lacks ? { _tag: "NoMedia" } : { _tag: "Stale" }
}

/** What a key made is answered also after it was deleted. */
const postsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<PostId>) =>
  ids.length === 0
    ? Effect.succeed(new Map<PostId, Post>())
    : Effect.map(readPosts(sql, ids), (posts) => new Map(posts.map((post) => [post.id, post])))

/** Answers in order. */
export const refuse = (
  sql: SqlClient.SqlClient,
  rows: ReadonlyArray<PublishRow>,
  bumped: ReadonlyMap<AccountId, number>
) =>
  Effect.gen(function*() {
    if (rows.length === 0) return []
    const refused = yield* explain(sql, rows)
    const posts = yield* postsOf(sql, refused.flatMap((row) => row.existing ?? []))
    return rows.map((row, i) => refusalOf(row, refused[i]!, posts, bumped.get(row.author)))
  })
