/** Pictures of new posts, as parts of the publish statement: all of a draft's are its author's and free, or it is refused. */
import type { SqlClient, Statement } from "effect/sql"
import type { PublishRow } from "../PostStore.ts"
import { purposes, states } from "./mediaRows.ts"
import { int4s, int8s } from "./statement.ts"

/** A picture `m` that a post may take. */
export const isFree = `m.post_id IS NULL AND m.state IN (${states.stored}, ${states.freed}) AND m.purpose = ${purposes.post}`

const wantedOf = (rows: ReadonlyArray<PublishRow>) =>
  rows.flatMap((row, i) =>
    row.draft.repostOf === null ? (row.draft.media ?? []).map((media, place) => ({ ord: BigInt(i + 1), media, place })) : []
  )

/** Pairs of a row's place, from 1, and a picture that it wants. */
export const mediaColumns = (rows: ReadonlyArray<PublishRow>) => {
  const wanted = wantedOf(rows)
  return {
    ords: int8s(wanted.map((one) => one.ord)),
    ids: int8s(wanted.map((one) => one.media)),
    places: int4s(wanted.map((one) => one.place)),
    isEmpty: wanted.length === 0
  }
}

/** Without pictures, which is the rule, the parts are empty and nothing is read. */
const nothing = `
  lacking AS MATERIALIZED (SELECT NULL::bigint AS ord WHERE false),
  media_of AS MATERIALIZED (SELECT NULL::bigint AS ord, NULL::jsonb AS media WHERE false)`

/**
 * CTEs after `candidate`: `lacking` are the places of drafts that may not have their pictures, `media_of` is what the
 * others carry. The pictures stay locked until the transaction ends; the first draft that names one gets it.
 */
export const mediaIn = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>): Statement.Fragment => {
  const { ids, isEmpty, ords, places } = mediaColumns(rows)
  if (isEmpty) return sql`${sql.literal(nothing)}`
  return sql`
    wanted_media AS MATERIALIZED (
      SELECT w.ord, w.media, w.place, c.author, row_number() OVER (PARTITION BY w.media ORDER BY w.ord, w.place) AS turn
      FROM unnest(${ords}, ${ids}, ${places}) AS w (ord, media, place)
      JOIN candidate c ON c.ord = w.ord AND c.use = 1
    ), held_media AS MATERIALIZED (
      SELECT m.id, m.shown FROM media m JOIN (SELECT media, author FROM wanted_media WHERE turn = 1) w
        ON m.id = w.media AND m.account = w.author
      WHERE ${sql.literal(isFree)}
      ORDER BY m.id FOR UPDATE OF m
    ), lacking AS MATERIALIZED (
      SELECT ord FROM wanted_media WHERE turn > 1 OR media NOT IN (SELECT id FROM held_media)
    ), media_of AS MATERIALIZED (
      SELECT w.ord, jsonb_agg(h.shown ORDER BY w.place) AS media
      FROM wanted_media w JOIN held_media h ON h.id = w.media GROUP BY w.ord
    )`
}

/** CTEs after `accepted`, with a comma behind them: they give the pictures to their posts. */
export const attachedIn = (sql: SqlClient.SqlClient, rows: ReadonlyArray<PublishRow>): Statement.Fragment =>
  sql.literal(
    wantedOf(rows).length === 0 ? "" : `attaching AS (
      UPDATE media m SET post_id = a.id, expires_at = NULL, state = ${states.stored}
      FROM wanted_media w JOIN accepted a ON a.ord = w.ord WHERE m.id = w.media
    ),`
  )
