/** Post rows as the stores select them. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { SqlClient, SqlError, Statement } from "effect/sql"
import { mediaOf, type StoredMedia } from "./mediaRows.ts"
import { chunkColumn, contents, unpacked } from "./past/reader.ts"
import { int8s } from "./statement.ts"

/** As the database has them: ids as decimal strings. */
export type StoredMentions = ReadonlyArray<{ readonly id: string; readonly username: string }> | null

export const mentionsOf = (stored: StoredMentions): Post["mentions"] =>
  (stored ?? []).map(({ id, username }) => ({ id: BigInt(id) as AccountId, username }))

interface PostRow {
  readonly id: PostId
  readonly author: AccountId
  readonly authorNo: LocalNo
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly visibility: number
  readonly language: string | null
  readonly replyTo: PostId | null
  readonly replyToAuthor: AccountId | null
  readonly repostOf: PostId | null
  readonly editedAt: Date | null
  readonly version: number
  readonly likes: number
  readonly reposts: number
  readonly replies: number
  readonly bookmarks: number
  readonly pinned: boolean
  readonly mentions: StoredMentions
  readonly media: StoredMedia
  /** Where the text is (past/reader.ts). */
  readonly content: number
  readonly chunk: bigint | null
}

/** Of `posts p LEFT JOIN post_counts c`. */
const postColumns = `
  p.id, p.author, p.author_no AS "authorNo", p.text, p.spoiler, p.sensitive, p.visibility, p.language,
  p.reply_to AS "replyTo", p.reply_to_author AS "replyToAuthor", p.repost_of AS "repostOf",
  p.edited_at AS "editedAt", p.version,
  coalesce(c.likes, 0) AS likes, coalesce(c.reposts, 0) AS reposts, coalesce(c.replies, 0) AS replies,
  coalesce(c.bookmarks, 0) AS bookmarks, coalesce(c.pinned, false) AS pinned, p.mentions, p.media, p.content, ${chunkColumn}`

const selectPosts = `SELECT ${postColumns} FROM posts p LEFT JOIN post_counts c ON c.post_id = p.id`

/** Field by field: of thousands of rows a second, objects are not copied and changed. */
const wholeOf = (row: PostRow): Post => ({
  id: row.id,
  author: row.author,
  authorNo: row.authorNo,
  text: row.text,
  spoiler: row.spoiler,
  sensitive: row.sensitive,
  visibility: visibilities[row.visibility]!,
  language: row.language,
  replyTo: row.replyTo,
  replyToAuthor: row.replyToAuthor,
  repostOf: row.repostOf,
  editedAt: row.editedAt?.getTime() ?? null,
  version: row.version,
  likes: row.likes,
  reposts: row.reposts,
  replies: row.replies,
  bookmarks: row.bookmarks,
  pinned: row.pinned,
  mentions: mentionsOf(row.mentions),
  media: mediaOf(row.media)
})

const postOf = (row: PostRow): Post =>
  row.content === contents.elsewhere && row.chunk === null ? { ...wholeOf(row), absent: true } : wholeOf(row)

/** The posts of these ids, deleted ones too unless `also` leaves them out; those whose words are packed are as the others. */
export const postsOf = (
  sql: SqlClient.SqlClient,
  ids: ReadonlyArray<PostId>,
  also: Statement.Fragment = sql``
): Effect.Effect<ReadonlyArray<Post>, SqlError.SqlError> => {
  const read = (wanted: ReadonlyArray<bigint>) => sql<PostRow>`${sql.literal(selectPosts)} WHERE p.id = ANY(${int8s(wanted)}) ${also}`
  return Effect.map(Effect.flatMap(read(ids), (rows) => unpacked(sql, rows, read)), (rows) => rows.map(postOf))
}

/**
 * `column = value` by the index, but without pruning of partitions row by row. In a statement that also locks rows that
 * pruning crashes PostgreSQL 18 (seen on 18.4): a lock that meets a concurrent update makes the row's recheck set up
 * the pruning of every part of the statement anew and free it, and the parts that run later use what was freed.
 */
export const unprunedMatch = (column: string, value: string): string =>
  `${column} = ANY(array_append(NULL::bigint[], ${value}))`
