/**
 * The hot path of writing: posts of many authors in one statement.
 *
 * Locks are taken in one order everywhere, authors, posts, counts, each by id, so that batches cannot block
 * each other in a circle. The author row at the version asked for is the fence: once it is locked, nobody else has
 * used this author's keys or made this author's wrappers since the statement's snapshot. An actor that names no version
 * is fenced by the one that the snapshot has.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import type { PublishResult, PublishRow } from "../PostStore.ts"
import { authorColumns, authorOf, type StoredAuthor } from "./authorRows.ts"
import { mediaOf, type StoredMedia } from "./mediaRows.ts"
import { kind, noticed, toldMax } from "./notices.ts"
import { taskKinds } from "./outboxTask.ts"
import { attachedIn, mediaIn } from "./publishMedia.ts"
import { namedIn, talkedIn } from "./publishParts.ts"
import { columnsOf, mayAnswer, mayRepost, target, textOf } from "./publishRows.ts"
import { mentionsOf, type StoredMentions, unprunedMatch } from "./postRows.ts"
import { refuse } from "./publishRefusal.ts"
import { storable } from "./statement.ts"

interface PublishedRow extends StoredAuthor {
  readonly ord: bigint
  readonly outboxId: bigint
  readonly replyTo: PostId | null
  readonly replyToAuthor: AccountId | null
  readonly repostOf: PostId | null
  readonly mentions: StoredMentions
  readonly media: StoredMedia
}

/** Who may be told of what is in `accepted`, since it names them: those whose post is reposted, and those who are mentioned. */
export const toldOfNaming = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`SELECT p.author, ${kind.reblog}::int, a.author, a.wrapped, false
      FROM accepted a JOIN posts p ON ${sql.literal(unprunedMatch("p.id", "a.wrapped"))}
      UNION ALL
      SELECT n.account, ${kind.mention}::int, a.author, a.id, a.visibility = 3
      FROM named_people n JOIN accepted a ON a.id = n.post_id`

/** Those who asked to be told of the author of what is in `accepted`. */
export const toldOfNew = (sql: SqlClient.SqlClient): Statement.Fragment =>
  sql`SELECT f.follower, ${kind.status}::int, a.author, a.id, false FROM accepted a CROSS JOIN LATERAL (
        SELECT follower FROM follows WHERE followee = a.author AND active AND notify LIMIT ${toldMax}
      ) f
      WHERE a.wrapped IS NULL AND a.visibility < 3 AND (a.answered IS NULL OR a.answered_author = a.author)`

const insert = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>) => {
  const columns = columnsOf(rows)
  return sql<PublishedRow>`
    WITH input AS MATERIALIZED (
      SELECT * FROM unnest(${columns.ids}, ${columns.authors}, ${columns.versions}, ${columns.keys},
        ${columns.texts}, ${columns.spoilers}, ${columns.sensitive}, ${columns.visibility}, ${columns.languages},
        ${columns.replies}, ${columns.reposts}, ${columns.claims}) WITH ORDINALITY
      AS i (id, author, version, key, text, spoiler, sensitive, visibility, language, reply_to, repost_of, claim, ord)
    ), known AS MATERIALIZED (
      SELECT DISTINCT i.author, coalesce(i.version, a.version) AS version FROM input i JOIN authors a ON a.account = i.author
    ), fence AS MATERIALIZED (
      SELECT a.account, a.no FROM known k
      JOIN authors a ON a.account = k.author AND a.version = k.version AND NOT a.disabled
      ORDER BY a.account FOR UPDATE OF a
    ), candidate AS MATERIALIZED (
      SELECT i.*, fence.no, coalesce(i.repost_of, i.reply_to) AS named,
        row_number() OVER (PARTITION BY i.author, i.key ORDER BY i.ord) AS use
      FROM fence JOIN input i ON i.author = fence.account
      WHERE NOT EXISTS (SELECT FROM write_keys k WHERE k.account = i.author AND k.key = i.key)
    ), ${mediaIn(sql, rows)}, reposted AS MATERIALIZED (
      SELECT c.ord, c.author, p.id FROM candidate c ${sql.literal(target)}
      WHERE c.repost_of IS NOT NULL AND c.use = 1 AND ${sql.literal(mayRepost)}
        AND NOT EXISTS (SELECT FROM reposts r WHERE r.account = c.author AND r.post_id = p.id)
      ORDER BY p.id FOR SHARE OF p
    ), accepted AS MATERIALIZED (
      SELECT c.*, NULL::bigint AS answered, NULL::bigint AS answered_author, NULL::bigint AS wrapped, NULL::bigint AS thread
      FROM candidate c WHERE c.named IS NULL AND c.use = 1 AND c.ord NOT IN (SELECT ord FROM lacking)
      UNION ALL
      SELECT c.*, p.id, p.author, NULL, coalesce(p.conversation, p.id) FROM candidate c ${sql.literal(target)}
      WHERE c.reply_to IS NOT NULL AND c.use = 1 AND ${sql.literal(mayAnswer)} AND c.ord NOT IN (SELECT ord FROM lacking)
      UNION ALL
      SELECT c.*, NULL, NULL, r.id, NULL FROM candidate c
      JOIN (SELECT min(ord) AS ord, id FROM reposted GROUP BY author, id) r ON r.ord = c.ord
    ), ${namedIn(sql, rows)}, ${attachedIn(sql, rows)} posted AS (
      INSERT INTO posts (id, author, author_no, visibility, sensitive, reply_to, reply_to_author, repost_of, text, spoiler, language,
        mentions, conversation, media)
      SELECT id, author, no, visibility, sensitive, answered, answered_author, wrapped, text, spoiler, language, n.mentions, thread,
        m.media
      FROM accepted LEFT JOIN named_of n ON n.post_id = accepted.id LEFT JOIN media_of m ON m.ord = accepted.ord
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
      WHERE account = made.author RETURNING ${sql.literal(authorColumns)}
    ), ${talkedIn(sql)}, ${noticed(sql, sql`${toldOfNaming(sql)} UNION ALL ${toldOfNew(sql)}`)}, told AS (
      INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
      SELECT author, ${taskKinds.Fanout}, id,
        jsonb_build_object('replyTo', answered::text, 'repostOf', wrapped::text, 'visibility', visibility),
        clock_timestamp() + claim * interval '1 millisecond'
      FROM accepted ORDER BY ord RETURNING id, post_id
    )
    SELECT a.ord, b.*, told.id AS "outboxId", a.answered AS "replyTo", a.answered_author AS "replyToAuthor",
      a.wrapped AS "repostOf", n.mentions, m.media
    FROM accepted a LEFT JOIN named_of n ON n.post_id = a.id LEFT JOIN media_of m ON m.ord = a.ord JOIN told ON told.post_id = a.id JOIN bumped b ON b.author = a.author`
}

const publishedOf = (input: PublishRow, row: PublishedRow): PublishResult => {
  const { draft } = input
  const post: Post = {
    id: input.id,
    author: input.author,
    authorNo: row.authorNo,
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
    replies: 0,
    bookmarks: 0,
    pinned: false,
    mentions: mentionsOf(row.mentions),
    media: mediaOf(row.media)
  }
  return { _tag: "Published", post, author: authorOf(row), outboxId: row.outboxId }
}

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
