/** Timelines in Postgres: pages by the join, and what windows and rings are built from. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Entry, PageQuery } from "@rookery/domain/TimelinePage"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type AuthorAsk, type AuthorQuery, hiddenMax, type TimelineStore } from "../TimelineStore.ts"
import { mutedText, muteStands } from "./relationRules.ts"
import { bools, int4s, int8s, operation } from "./statement.ts"
import { type PackedWindow, windowOf } from "./windowRows.ts"

const idMax = 9_223_372_036_854_775_807n

/** What the page's bounds ask for: from which side it is read, and between which ids. */
const boundsOf = (query: PageQuery) => ({
  upwards: query.minId > 0n,
  above: query.minId > query.sinceId ? query.minId : query.sinceId,
  below: query.maxId ?? idMax
})

const direction = (upwards: boolean): string => upwards ? "ASC" : "DESC"

/** A wrapper goes with the post inside it. A scalar subquery, since it is looked up for the few wrappers only. */
const wholeWrapper = `(p.repost_of IS NULL OR
  (SELECT o.deleted_at IS NULL AND NOT w.disabled FROM posts o JOIN authors w ON w.account = o.author WHERE o.id = p.repost_of))`

export const make = Effect.map(SqlClient.SqlClient, (sql): TimelineStore["Service"] => {
  /**
   * Looks at the nearest post of each followee first: the page ends no further than the last of `limit` such posts, so the
   * second look takes little more than the page from all of them together.
   */
  const homePage = (reader: AccountId, query: PageQuery) => {
    const { above, below, upwards } = boundsOf(query)
    const order = sql.literal(`ORDER BY id ${direction(upwards)}`)
    const entitled = sql`
      SELECT p.id, p.author_no FROM posts p
      WHERE p.author = f.author AND p.deleted_at IS NULL AND p.id > ${above} AND p.id < ${below}
        AND (p.visibility < 3 OR p.author = ${reader}) AND ${sql.literal(wholeWrapper)}`
    return Effect.map(
      sql<Entry>`
        WITH f AS MATERIALIZED (
          SELECT followee AS author FROM follows
          WHERE follower = ${reader} AND active AND followee NOT IN (SELECT account FROM authors WHERE disabled)
            AND NOT ${sql.literal(mutedText("follower", "followee"))}
          UNION ALL SELECT ${reader}
        ), far AS MATERIALIZED (
          SELECT count(*) AS n, ${sql.literal(upwards ? "max(id)" : "min(id)")} AS id FROM (
            SELECT e.id FROM f CROSS JOIN LATERAL (${entitled} ${order} LIMIT 1) e ${order} LIMIT ${query.limit}
          ) nearest
        ), edge AS MATERIALIZED (
          SELECT CASE WHEN n = ${query.limit} THEN id ELSE ${upwards ? idMax : 0n} END AS id FROM far
        )
        SELECT e.id, e.author_no AS "authorNo" FROM f CROSS JOIN LATERAL (
          ${entitled} AND p.id ${sql.literal(upwards ? "<=" : ">=")} (SELECT id FROM edge)
          ${order} LIMIT ${query.limit}
        ) e ${order} LIMIT ${query.limit}`,
      (rows) => upwards ? rows.toReversed() : rows
    )
  }

  /** Pages that are read from the same side. A person's replies to themselves are not replies here. */
  const authorPages = (upwards: boolean, asks: ReadonlyArray<AuthorAsk>) => {
    const bounds = asks.map(({ query }) => boundsOf(query))
    const flags = (flag: (query: AuthorQuery) => boolean) => bools(asks.map(({ query }) => flag(query)))
    return Effect.map(
      sql<{ ids: ReadonlyArray<PostId> }>`
        SELECT array(
          SELECT p.id FROM posts p
          WHERE p.author = i.author AND p.deleted_at IS NULL AND p.id > i.above AND p.id < i.below
            AND (p.visibility <= 1 OR p.visibility = 2 AND i.private)
            AND (p.reply_to IS NULL OR p.reply_to_author = p.author OR NOT i.without_replies)
            AND (p.repost_of IS NULL OR NOT i.without_reposts) AND ${sql.literal(wholeWrapper)}
            AND (p.media IS NOT NULL OR NOT i.only_media)
          ORDER BY p.id ${sql.literal(direction(upwards))} LIMIT i.most
        ) AS ids
        FROM unnest(${int8s(asks.map((ask) => ask.author))}, ${int8s(bounds.map((of) => of.above))},
            ${int8s(bounds.map((of) => of.below))}, ${int4s(asks.map(({ query }) => query.limit))},
            ${flags((query) => query.includePrivate)}, ${flags((query) => query.excludeReplies)},
            ${flags((query) => query.excludeReposts)}, ${flags((query) => query.onlyMedia === true)}) WITH ORDINALITY
          AS i (author, above, below, most, private, without_replies, without_reposts, only_media, ord)
        ORDER BY i.ord`,
      (rows) => rows.map(({ ids }) => upwards ? ids.toReversed() : ids)
    )
  }

  /**
   * Some posts of each author tell first how far back the window can reach at most, as in a page.
   *
   * Posts of disabled authors are in windows and rings: readers judge each post anew, and an author who
   * is enabled again is back in windows that stayed in memory.
   */
  const loadWindows: TimelineStore["Service"]["loadWindows"] = (readers, entriesMax, perAuthorMax) => {
    const entitled = sql`
      SELECT p.id, p.author_no FROM posts p
      WHERE p.author = f.author AND p.deleted_at IS NULL AND p.id >= i.since AND (p.visibility < 3 OR p.author = i.reader)`
    return operation(
      "TimelineStore.loadWindows",
      Effect.map(
        sql<PackedWindow>`
          SELECT i.reader, a.no AS "readerNo", r.follow_version AS "followVersion", known.nos AS followees, known.modes,
            shunned.nos AS hidden, shunned.millis AS "hiddenMillis", found.entries, found.floor
          FROM unnest(${int8s(readers.map((row) => row.reader))}, ${int8s(readers.map((row) => row.since))})
            AS i (reader, since)
          JOIN accounts a ON a.id = i.reader JOIN readers r ON r.account = i.reader
          CROSS JOIN LATERAL (
            SELECT string_agg(int4send(f.followee_no), '' ORDER BY f.followee_no) AS nos,
              json_agg(json_build_array(m.account::text, m.no, m.mode, m.epoch)) FILTER (WHERE m.mode <> 0) AS modes
            FROM follows f LEFT JOIN authors m ON m.account = f.followee AND m.mode <> 0
            WHERE f.follower = i.reader AND f.active
          ) known
          CROSS JOIN LATERAL (
            SELECT string_agg(int4send(h.no), '' ORDER BY h.no) AS nos,
              (extract(epoch FROM min(h.expires_at) - clock_timestamp()) * 1000)::float8 AS millis
            FROM (
              SELECT no, min(expires_at) AS expires_at FROM (
                SELECT target_no AS no, expires_at FROM mutes m WHERE account = i.reader AND ${sql.literal(muteStands)}
                UNION ALL SELECT target_no, NULL FROM blocks WHERE account = i.reader
                UNION ALL (SELECT account_no, NULL FROM blocks WHERE target = i.reader LIMIT ${hiddenMax})
              ) reasons GROUP BY no LIMIT ${hiddenMax}
            ) h
          ) shunned
          CROSS JOIN LATERAL (
            WITH f AS MATERIALIZED (
              SELECT followee AS author FROM follows
              WHERE follower = i.reader AND active AND NOT ${sql.literal(mutedText("follower", "followee"))}
              UNION ALL SELECT i.reader
            ), some_of AS MATERIALIZED (
              SELECT least(${perAuthorMax}::bigint, 1 + ${2 * entriesMax}::bigint / count(*)) AS each FROM f
            ), edge AS MATERIALIZED (
              SELECT CASE WHEN count(*) > ${entriesMax} THEN min(id) ELSE 0 END AS id FROM (
                SELECT e.id FROM f CROSS JOIN LATERAL (
                  ${entitled} ORDER BY p.id DESC LIMIT (SELECT each FROM some_of)
                ) e ORDER BY e.id DESC LIMIT ${entriesMax + 1}
              ) nearest
            )
            SELECT string_agg(int8send(e.id) || int4send(e.author_no), '' ORDER BY e.id DESC) AS entries,
              max(e.cut) AS floor
            FROM (
              SELECT p.id, p.author_no, CASE WHEN p.place = ${perAuthorMax} THEN p.id END AS cut FROM f
              CROSS JOIN LATERAL (
                SELECT n.*, row_number() OVER (ORDER BY n.id DESC) AS place FROM (
                  ${entitled} AND p.id >= (SELECT id FROM edge) ORDER BY p.id DESC LIMIT ${perAuthorMax}
                ) n
              ) p
              ORDER BY p.id DESC LIMIT ${entriesMax + 1}
            ) e
          ) found`,
        (rows) => rows.map((row) => windowOf(row, entriesMax))
      )
    )
  }

  const newestOf = (authors: ReadonlyArray<{ readonly author: AccountId; readonly since: bigint }>, limit: number) =>
    Effect.map(
      sql<{ author: AccountId; ids: ReadonlyArray<PostId> | null }>`
        SELECT i.author, (
          SELECT array_agg(id ORDER BY id DESC) FROM (
            SELECT p.id FROM posts p
            WHERE p.author = i.author AND p.deleted_at IS NULL AND p.visibility < 3 AND p.id >= i.since
            ORDER BY p.id DESC LIMIT ${limit}
          ) newest
        ) AS ids
        FROM unnest(${int8s(authors.map((row) => row.author))}, ${int8s(authors.map((row) => row.since))})
          AS i (author, since)`,
      (rows) => new Map(rows.map((row) => [row.author, row.ids ?? []]))
    )

  const followVersions = (readers: ReadonlyArray<AccountId>) =>
    Effect.map(
      sql<{ account: AccountId; version: bigint }>`
        SELECT account, follow_version AS version FROM readers WHERE account = ANY(${int8s(readers)})`,
      (rows) => new Map(rows.map((row) => [row.account, Number(row.version)]))
    )

  return {
    loadWindows,
    homePage: (reader, query) => operation("TimelineStore.homePage", homePage(reader, query)),
    authorPage: (author, query) =>
      operation("TimelineStore.authorPage", Effect.map(authorPages(query.minId > 0n, [{ author, query }]), ([ids]) => ids!)),
    authorPages: (asks) => operation("TimelineStore.authorPages", authorPages(false, asks)),
    newestOf: (authors, limit) => operation("TimelineStore.newestOf", newestOf(authors, limit)),
    followVersions: (readers) => operation("TimelineStore.followVersions", followVersions(readers))
  }
})
