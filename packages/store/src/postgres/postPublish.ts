/**
 * The hot path of writing: posts of many authors in one statement.
 *
 * Locks are taken in one order everywhere, authors, posts, counts, each by id, so that batches cannot block
 * each other in a circle. The author row at the version asked for is the fence: once it is locked, nobody else has
 * used this author's keys or made this author's wrappers since the statement's snapshot.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { PublishResult, PublishRow } from "../PostStore.ts"
import { kind, noticed, toldMax } from "./notices.ts"
import { taskKinds } from "./outboxTask.ts"
import { type PostRow, postOf, selectPosts, unprunedMatch } from "./postRows.ts"
import { blockedText } from "./relationRules.ts"
import { bools, int2s, int4s, int8s, storable, texts } from "./statement.ts"

interface PublishedRow {
  readonly ord: bigint
  readonly version: bigint
  readonly outboxId: bigint
  readonly replyTo: PostId | null
  readonly replyToAuthor: AccountId | null
  readonly repostOf: PostId | null
}

/** The rows as columns. A wrapper has no text and answers nothing. */
const columnsOf = (rows: ReadonlyArray<PublishRow>) => ({
  ids: int8s(rows.map((row) => row.id)),
  authors: int8s(rows.map((row) => row.author)),
  nos: int4s(rows.map((row) => row.authorNo)),
  versions: int8s(rows.map((row) => BigInt(row.version))),
  keys: texts(rows.map((row) => storable(row.requestKey))),
  texts: texts(rows.map((row) => textOf(row))),
  spoilers: texts(rows.map((row) => storable(row.draft.spoiler))),
  sensitive: bools(rows.map((row) => row.draft.sensitive)),
  visibility: int2s(rows.map((row) => visibilities.indexOf(row.draft.visibility))),
  languages: texts(rows.map((row) => row.draft.language)),
  replies: int8s(rows.map((row) => row.draft.repostOf === null ? row.draft.replyTo : null)),
  reposts: int8s(rows.map((row) => row.draft.repostOf)),
  claims: int4s(rows.map((row) => row.claimMillis))
})

const textOf = (row: PublishRow): string => row.draft.repostOf === null ? storable(row.draft.text) : ""

/**
 * Who may answer or repost what: `t` is the post named, `p` the post that counts, which is the one inside when a
 * wrapper is named. A person may answer what they may see (domain/Sight.ts), and repost what is public, or their own unless direct.
 */
const target = `
  JOIN posts t ON t.id = c.named AND t.deleted_at IS NULL
  JOIN posts p ON p.id = coalesce(t.repost_of, t.id) AND p.deleted_at IS NULL
  JOIN authors o ON o.account = p.author AND NOT o.disabled`

const unblocked = `NOT ${blockedText("c.author", "p.author")}`

const mayRepost = `((p.visibility <= 1 OR (p.visibility = 2 AND p.author = c.author)) AND ${unblocked})`

const mayAnswer = `((p.visibility <= 1 OR p.author = c.author OR (p.visibility = 2 AND EXISTS (
  SELECT FROM follows f WHERE f.follower = c.author AND f.followee = p.author AND f.active))) AND ${unblocked})`

/** Who may be told of what is in `accepted`: those whose post is reposted, and those who asked to be told of this author. */
const toBeTold = (sql: SqlClient.SqlClient) =>
  sql`SELECT p.author, ${kind.reblog}::int, a.author, a.wrapped, false FROM accepted a
      JOIN posts p ON ${sql.literal(unprunedMatch("p.id", "a.wrapped"))}
      UNION ALL
      SELECT f.follower, ${kind.status}::int, a.author, a.id, false FROM accepted a CROSS JOIN LATERAL (
        SELECT follower FROM follows WHERE followee = a.author AND active AND notify LIMIT ${toldMax}
      ) f
      WHERE a.wrapped IS NULL AND a.visibility < 3 AND (a.answered IS NULL OR a.answered_author = a.author)`

const insert = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>) => {
  const columns = columnsOf(rows)
  return sql<PublishedRow>`
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest(${columns.ids}, ${columns.authors}, ${columns.nos}, ${columns.versions}, ${columns.keys},
        ${columns.texts}, ${columns.spoilers}, ${columns.sensitive}, ${columns.visibility}, ${columns.languages},
        ${columns.replies}, ${columns.reposts}, ${columns.claims}) WITH ORDINALITY
      AS i (id, author, no, version, key, text, spoiler, sensitive, visibility, language, reply_to, repost_of, claim, ord)
    ), fence AS MATERIALIZED (
      SELECT a.account FROM (SELECT DISTINCT author, version FROM input) i
      JOIN authors a ON a.account = i.author AND a.version = i.version AND NOT a.disabled
      ORDER BY a.account FOR UPDATE OF a
    ), candidate AS MATERIALIZED (
      SELECT i.*, coalesce(i.repost_of, i.reply_to) AS named,
        row_number() OVER (PARTITION BY i.author, i.key ORDER BY i.ord) AS use
      FROM fence JOIN input i ON i.author = fence.account
      WHERE NOT EXISTS (SELECT FROM write_keys k WHERE k.account = i.author AND k.key = i.key)
    ), reposted AS MATERIALIZED (
      SELECT c.ord, c.author, p.id FROM candidate c ${sql.literal(target)}
      WHERE c.repost_of IS NOT NULL AND c.use = 1 AND ${sql.literal(mayRepost)}
        AND NOT EXISTS (SELECT FROM reposts r WHERE r.account = c.author AND r.post_id = p.id)
      ORDER BY p.id FOR SHARE OF p
    ), accepted AS MATERIALIZED (
      SELECT c.*, NULL::bigint AS answered, NULL::bigint AS answered_author, NULL::bigint AS wrapped
      FROM candidate c WHERE c.named IS NULL AND c.use = 1
      UNION ALL
      SELECT c.*, p.id, p.author, NULL FROM candidate c ${sql.literal(target)}
      WHERE c.reply_to IS NOT NULL AND c.use = 1 AND ${sql.literal(mayAnswer)}
      UNION ALL
      SELECT c.*, NULL, NULL, r.id FROM candidate c
      JOIN (SELECT min(ord) AS ord, id FROM reposted GROUP BY author, id) r ON r.ord = c.ord
    ), posted AS (
      INSERT INTO posts (id, author, author_no, visibility, sensitive, reply_to, reply_to_author, repost_of, text, spoiler, language)
      SELECT id, author, no, visibility, sensitive, answered, answered_author, wrapped, text, spoiler, language FROM accepted
    ), keyed AS (
      INSERT INTO write_keys (account, key, post_id) SELECT author, key, id FROM accepted
    ), wrapping AS (
      INSERT INTO reposts (account, post_id, wrapper) SELECT author, wrapped, id FROM accepted WHERE wrapped IS NOT NULL
    ), counted AS (
      INSERT INTO post_counts AS n (post_id, reposts, replies)
      SELECT coalesce(wrapped, answered) AS target, count(wrapped), count(answered) FROM accepted
      WHERE named IS NOT NULL GROUP BY target ORDER BY target
      ON CONFLICT (post_id) DO UPDATE SET reposts = n.reposts + excluded.reposts, replies = n.replies + excluded.replies
    ), bumped AS (
      UPDATE authors SET version = authors.version + 1, statuses = statuses + made.posts, last_status_at = now()
      FROM (SELECT author, count(*) AS posts FROM accepted GROUP BY author) made
      WHERE account = made.author RETURNING account, authors.version
    ), ${noticed(sql, toBeTold(sql))}, told AS (
      INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
      SELECT author, ${taskKinds.Fanout}, id,
        jsonb_build_object('replyTo', answered::text, 'repostOf', wrapped::text, 'visibility', visibility),
        clock_timestamp() + claim * interval '1 millisecond'
      FROM accepted ORDER BY ord RETURNING id, post_id
    )
    SELECT a.ord, b.version, told.id AS "outboxId", a.answered AS "replyTo", a.answered_author AS "replyToAuthor",
      a.wrapped AS "repostOf"
    FROM accepted a JOIN told ON told.post_id = a.id JOIN bumped b ON b.account = a.author`
}

const publishedOf = (input: PublishRow, row: PublishedRow): PublishResult => {
  const { draft } = input
  const post: Post = {
    id: input.id,
    author: input.author,
    authorNo: input.authorNo,
    text: textOf(input),
    spoiler: storable(draft.spoiler),
    sensitive: draft.sensitive,
    visibility: draft.visibility,
    language: draft.language,
    replyTo: row.replyTo,
    replyToAuthor: row.replyToAuthor,
    repostOf: row.repostOf,
    editedAt: null,
    version: 1,
    likes: 0,
    reposts: 0,
    replies: 0
  }
  return { _tag: "Published", post, version: Number(row.version), outboxId: row.outboxId }
}

/** Why a row was not inserted. `known` says that the author is there and enabled, at `version`. */
interface RefusedRow {
  readonly existing: PostId | null
  readonly known: boolean
  readonly version: bigint | null
  readonly found: boolean
}

const explain = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>) => {
  const columns = columnsOf(rows)
  return sql<RefusedRow>`
    SELECT coalesce(k.post_id, r.wrapper) AS existing, w.account IS NOT NULL AS known, w.version,
      c.named IS NULL OR coalesce(CASE WHEN c.repost_of IS NULL THEN ${sql.literal(mayAnswer)}
        ELSE ${sql.literal(mayRepost)} END, false) AS found
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
  return Number(row.version) === (bumped ?? input.version) && !row.found ? { _tag: "NotFound" } : { _tag: "Stale" }
}

/** What a key made is answered also after it was deleted. */
const postsOf = (sql: SqlClient.SqlClient, ids: ReadonlyArray<PostId>) =>
  ids.length === 0
    ? Effect.succeed(new Map<PostId, Post>())
    : Effect.map(
      sql<PostRow>`${sql.literal(selectPosts)} WHERE p.id = ANY(${int8s(ids)})`,
      (rows) => new Map(rows.map((row) => [row.id, postOf(row)]))
    )

const refuse = (
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

export const publish = (
  sql: SqlClient.SqlClient,
  rows: ReadonlyArray<PublishRow>
): Effect.Effect<ReadonlyArray<PublishResult>, SqlError.SqlError> =>
  Effect.gen(function*() {
    if (rows.length === 0) return []
    const results: Array<PublishResult | undefined> = rows.map(() => undefined)
    const bumped = new Map<AccountId, number>()
    for (const row of yield* insert(sql, rows)) {
      const at = Number(row.ord) - 1
      results[at] = publishedOf(rows[at]!, row)
      bumped.set(rows[at]!.author, Number(row.version))
    }
    const refusals = yield* refuse(sql, rows.filter((_, i) => results[i] === undefined), bumped)
    let next = 0
    return results.map((result) => result ?? refusals[next++]!)
  })
