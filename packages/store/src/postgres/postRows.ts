/** Post rows as the stores select them. */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities } from "@rookery/domain/Post"
import { mediaOf, type StoredMedia } from "./mediaRows.ts"

/** As the database has them: ids as decimal strings. */
export type StoredMentions = ReadonlyArray<{ readonly id: string; readonly username: string }> | null

export const mentionsOf = (stored: StoredMentions): Post["mentions"] =>
  (stored ?? []).map(({ id, username }) => ({ id: BigInt(id) as AccountId, username }))

export interface PostRow {
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
  /** 1 when the owner has the text (migration 0020). */
  readonly content: number
}

/** Of `posts p LEFT JOIN post_counts c`. */
const postColumns = `
  p.id, p.author, p.author_no AS "authorNo", p.text, p.spoiler, p.sensitive, p.visibility, p.language,
  p.reply_to AS "replyTo", p.reply_to_author AS "replyToAuthor", p.repost_of AS "repostOf",
  p.edited_at AS "editedAt", p.version,
  coalesce(c.likes, 0) AS likes, coalesce(c.reposts, 0) AS reposts, coalesce(c.replies, 0) AS replies,
  coalesce(c.bookmarks, 0) AS bookmarks, coalesce(c.pinned, false) AS pinned, p.mentions, p.media, p.content`

export const selectPosts = `SELECT ${postColumns} FROM posts p LEFT JOIN post_counts c ON c.post_id = p.id`

export const postOf = ({ content, ...row }: PostRow): Post => ({
  ...row,
  visibility: visibilities[row.visibility]!,
  editedAt: row.editedAt?.getTime() ?? null,
  mentions: mentionsOf(row.mentions),
  media: mediaOf(row.media),
  ...(content === 0 ? {} : { absent: true as const })
})

/**
 * `column = value` by the index, but without pruning of partitions row by row. In a statement that also locks rows that
 * pruning crashes PostgreSQL 18 (seen on 18.4): a lock that meets a concurrent update makes the row's recheck set up
 * the pruning of every part of the statement anew and free it, and the parts that run later use what was freed.
 */
export const unprunedMatch = (column: string, value: string): string =>
  `${column} = ANY(array_append(NULL::bigint[], ${value}))`
