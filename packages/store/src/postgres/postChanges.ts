/** Edits and deletes. Locks go authors, posts, counts, as in publishing. */
import type { PgTypes } from "@effect/sql-pg"
import type { PostId } from "@rookery/domain/Ids"
import type { MediaEdit } from "@rookery/domain/Media"
import * as PostParts from "@rookery/domain/PostParts"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { unusedHours } from "../AttachmentStore.ts"
import type { Act } from "../ModerationStore.ts"
import type { EditChange } from "../PostStore.ts"
import { forgetting } from "./forgetting.ts"
import { changeText, states } from "./mediaRows.ts"
import { kind, noticed, toldMax } from "./notices.ts"
import { followUpClaimMillis, taskKinds } from "./outboxTask.ts"
import { contents } from "./past/reader.ts"
import { postsOf, unprunedMatch } from "./postRows.ts"
import { isFree } from "./publishMedia.ts"
import { mentionsOf } from "./publishParts.ts"
import { int8s, storable, texts } from "./statement.ts"

/** Numbers in `post_changes`; `late` is a post that came here long after it was made. */
export const changeKinds = { late: 1, delete: 2, edit: 3 } as const
type EventKind = (typeof changeKinds)["delete" | "edit"]

interface Told {
  readonly outboxId: bigint
}

/** The outbox row of a change, and its place in the log of changes, from a CTE named `changed` that has the post's `id` and `author`. */
const tell = (sql: SqlClient.SqlClient, kind: number, logged: EventKind, payload = "'{}'::jsonb") =>
  sql`, logged AS (
        INSERT INTO post_changes (post_id, author, kind) SELECT id, author, ${logged} FROM changed
      )
      INSERT INTO outbox (owner, kind, post_id, payload, claimed_until)
      SELECT author, ${kind}, id, ${sql.literal(payload)}, clock_timestamp() + ${followUpClaimMillis}::int * interval '1 millisecond'
      FROM changed RETURNING id AS "outboxId"`

/** Of a post that went. */
const parentsPayload = "jsonb_build_object('replyTo', reply_to::text, 'repostOf', repost_of::text)"

const postById = (sql: SqlClient.SqlClient, id: PostId) =>
  Effect.map(postsOf(sql, [id]), ([post]) => post!)

/** Those who reposted what `changed` changed, the latest first. */
const ofEdit = (sql: SqlClient.SqlClient) =>
  sql`SELECT r.account, ${kind.update}::int, changed.author, changed.id, false
      FROM changed CROSS JOIN LATERAL (
        SELECT account FROM reposts WHERE post_id = changed.id ORDER BY wrapper DESC LIMIT ${toldMax}
      ) r`

/** Who is mentioned in an edited post; those who were before are not told again. */
const ofMentions = (sql: SqlClient.SqlClient) =>
  sql`SELECT n.account, ${kind.mention}::int, changed.author, changed.id, changed.visibility = 3 FROM changed, named_people n`

/** CTEs that bring the rows of mentions and tags to what `named_people` and the text of `changed` say. */
const renamed = (sql: SqlClient.SqlClient, tags: PgTypes.Parameter) =>
  sql`unmentioned AS (
        DELETE FROM post_mentions m USING changed
        WHERE m.post_id = changed.id AND m.account NOT IN (SELECT account FROM named_people)
      ), mentioning AS (
        INSERT INTO post_mentions (account, post_id) SELECT n.account, changed.id FROM changed, named_people n
        ON CONFLICT DO NOTHING
      ), untagged AS (
        DELETE FROM post_tags t USING changed WHERE t.post_id = changed.id AND t.tag <> ALL(${tags})
      ), tagging AS (
        INSERT INTO post_tags (post_id, tag, author, visibility)
        SELECT changed.id, t.tag, changed.author, changed.visibility FROM changed, unnest(${tags}) AS t (tag)
        ON CONFLICT DO NOTHING
      )`

/**
 * CTEs after `fence`, which is the post: `replaced` is the post again, if all the pictures that it shall carry are its
 * author's and in no other post; `carried` is what it then carries. Pictures that it carries no more stay with it, for its history.
 */
const carriedIn = (sql: SqlClient.SqlClient, media: ReadonlyArray<MediaEdit>) =>
  sql`wanted_media AS MATERIALIZED (
        SELECT media, change::jsonb AS change, place
        FROM unnest(${int8s(media.map((one) => one.id))}, ${texts(media.map(changeText))}) WITH ORDINALITY AS w (media, change, place)
      ), held_media AS MATERIALIZED (
        SELECT m.id, m.shown || w.change AS shown, w.place FROM wanted_media w JOIN media m ON m.id = w.media
        JOIN fence f ON f.author = m.account
        WHERE (m.post_id = f.id AND m.state = ${states.stored}) OR (${sql.literal(isFree)})
        ORDER BY m.id FOR UPDATE OF m
      ), replaced AS MATERIALIZED (
        SELECT * FROM fence WHERE (SELECT count(*) FROM wanted_media) = (SELECT count(*) FROM held_media)
      ), carried AS MATERIALIZED (
        SELECT jsonb_agg(shown ORDER BY place) AS media FROM held_media
      ), attaching AS (
        UPDATE media m SET post_id = r.id, expires_at = NULL, shown = h.shown, state = ${states.stored}
        FROM replaced r, held_media h WHERE m.id = h.id
      )`

/** A picture that the edit asks for cannot be had. */
export const noMedia = "no media"

/**
 * The replaced text goes to the history under the version that it had. Posts of other datacenters are theirs to change;
 * one whose words are packed is not changed either, but unpacked first (past/editPacked.ts).
 */
export const edit = (sql: SqlClient.SqlClient, id: PostId, version: number, change: EditChange) =>
  Effect.gen(function*() {
    const names = texts((change.mentions ?? []).map(storable))
    const tags = texts(PostParts.tagsOf(storable(change.text)))
    const [told] = yield* sql<Told>`
      WITH fence AS MATERIALIZED (
        SELECT id, author, version, text, spoiler, sensitive, media, coalesce(edited_at, to_timestamp(0)) AS at FROM posts
        WHERE id = ${id} AND version = ${version} AND deleted_at IS NULL AND NOT is_remote(id)
          AND content = ${contents.here} FOR UPDATE
      ), ${carriedIn(sql, change.media ?? [])}, named_people AS MATERIALIZED (
        SELECT id AS account, username FROM accounts WHERE username_key = ANY(${names}) AND disabled_at IS NULL
      ), changed AS (
        UPDATE posts p SET text = ${storable(change.text)}, spoiler = ${storable(change.spoiler)},
          sensitive = ${change.sensitive}, language = ${change.language}, edited_at = now(), version = p.version + 1,
          mentions = (SELECT ${sql.literal(mentionsOf)} FROM named_people n),
          media = CASE WHEN ${change.media === undefined} THEN p.media ELSE (SELECT media FROM carried) END
        FROM replaced r WHERE p.id = ${id} AND p.id = r.id RETURNING p.id, p.author, p.visibility
      ), kept AS (
        INSERT INTO post_edits (post_id, version, text, spoiler, sensitive, media, at)
        SELECT id, version, text, spoiler, sensitive, media, at FROM replaced
      ), ${renamed(sql, tags)}, ${noticed(sql, sql`${ofEdit(sql)} UNION ALL ${ofMentions(sql)}`)}
      ${tell(sql, taskKinds.Edited, changeKinds.edit)}`
    if (told !== undefined) return { post: yield* postById(sql, id), outboxId: told.outboxId }
    return change.media !== undefined && (yield* isAt(sql, id, version)) ? noMedia : undefined
  })

/** Whether the post is still at a version: an edit of it that changed nothing was then refused for its pictures. */
const isAt = (sql: SqlClient.SqlClient, id: PostId, version: number) =>
  Effect.map(
    sql`SELECT 1 FROM posts WHERE id = ${id} AND version = ${version} AND deleted_at IS NULL AND content = ${contents.here}`,
    (rows) => rows.length > 0
  )

/**
 * Sets the tombstone and takes the post out of what it was counted in: its author's posts, and the replies or reposts
 * of another. Reposting locks the post, so that no wrapper is made past this statement.
 */
export const remove = (sql: SqlClient.SqlClient, id: PostId, act?: Act) =>
  Effect.gen(function*() {
    // What moderators delete is not drafted anew.
    const isModerated = act !== undefined
    const [told] = yield* sql<Told>`
      WITH owner AS MATERIALIZED (
        SELECT a.account FROM authors a
        WHERE a.account = (SELECT author FROM posts WHERE id = ${id} AND deleted_at IS NULL AND NOT is_remote(id)) FOR UPDATE
      ), changed AS (
        UPDATE posts p SET deleted_at = now() FROM owner WHERE p.id = ${id} AND p.deleted_at IS NULL
        RETURNING p.id, p.author, p.reply_to, p.repost_of
      ), unposted AS (
        UPDATE authors SET statuses = statuses - 1 FROM changed WHERE account = changed.author
      ), unwrapped AS (
        DELETE FROM reposts r USING changed WHERE r.account = changed.author AND r.post_id = changed.repost_of
      ), counted AS (
        UPDATE post_counts n SET replies = n.replies - (changed.reply_to IS NOT NULL)::int,
          reposts = n.reposts - (changed.repost_of IS NOT NULL)::int
        FROM changed WHERE n.post_id = coalesce(changed.repost_of, changed.reply_to)
      ), unpinned AS (
        DELETE FROM pins USING changed WHERE pins.account = changed.author AND pins.post_id = changed.id
      ), unshown AS (
        UPDATE media m SET post_id = NULL, expires_at = now() + ${isModerated ? 0 : unusedHours}::int * interval '1 hour',
          state = ${isModerated ? states.doomed : states.freed}::smallint
        FROM changed WHERE m.post_id = changed.id
      ), audited AS (
        INSERT INTO moderation_log (actor, action, account, post_id, reason)
        SELECT ${act?.by ?? null}::bigint, 'delete_post', author, id, ${storable(act?.reason ?? "")} FROM changed
        WHERE ${isModerated}
      ), ${forgetting(sql)}
      ${tell(sql, taskKinds.Removed, changeKinds.delete, parentsPayload)}`
    return told && { post: yield* postById(sql, id), outboxId: told.outboxId }
  })

/** Takes the wrappers that own people made of a deleted post out, `limit` of them, as if their authors had; answers how many. */
export const removeWrappers = (sql: SqlClient.SqlClient, id: PostId, limit: number) =>
  Effect.map(
    sql<{ wrapper: PostId }>`
      WITH part AS MATERIALIZED (
        SELECT account, wrapper FROM reposts WHERE post_id = ${id} AND NOT is_remote(account) ORDER BY account LIMIT ${limit}
      ), owners AS MATERIALIZED (
        SELECT a.account FROM authors a JOIN part s ON s.account = a.account ORDER BY a.account FOR UPDATE OF a
      ), changed AS (
        UPDATE posts p SET deleted_at = now() FROM owners JOIN part s ON s.account = owners.account
        WHERE ${sql.literal(unprunedMatch("p.id", "s.wrapper"))} AND p.deleted_at IS NULL RETURNING p.id, p.author
      ), unposted AS (
        UPDATE authors SET statuses = statuses - 1 FROM changed WHERE account = changed.author
      ), unwrapped AS (
        DELETE FROM reposts r USING changed WHERE r.account = changed.author AND r.post_id = ${id}
      ), counted AS (
        UPDATE post_counts SET reposts = reposts - (SELECT count(*) FROM changed) WHERE post_id = ${id}
      )
      SELECT id AS wrapper FROM changed`,
    (rows) => rows.length
  )
