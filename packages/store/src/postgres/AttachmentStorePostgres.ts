/** Pictures in Postgres. A post takes and lets go of its pictures in its own statements (postPublish.ts, postChanges.ts). */
import type { AccountId, LocalNo, MediaId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type AttachmentStore, type Doomed, type NewMedia, type ProfilePicture, freedMinutes, unusedHours, waitingMax } from "../AttachmentStore.ts"
import { changeText, mediumOf, mediumText, purposes, states, type StoredMedium } from "./mediaRows.ts"
import { int8s, operation, texts } from "./statement.ts"

interface OwnRow {
  readonly shown: StoredMedium
  readonly state: number
  readonly postId: PostId | null
}

type Store = AttachmentStore["Service"]

export const make = Effect.map(SqlClient.SqlClient, (sql): Store => {
  const unused = sql`now() + ${unusedHours}::int * interval '1 hour'`
  const found = (rows: ReadonlyArray<unknown>): boolean => rows.length > 0

  const reserve = ({ account, id, objects, purpose, shown }: NewMedia) =>
    sql`
      INSERT INTO media (id, account, purpose, objects, shown, expires_at)
      SELECT ${id}::bigint, ${account}::bigint, ${purposes[purpose]}::smallint, ${texts(objects)},
        ${shown === null ? null : mediumText(shown)}::jsonb, ${unused}
      WHERE (SELECT count(*) FROM media WHERE account = ${account} AND expires_at IS NOT NULL) < ${waitingMax}
      RETURNING 1`

  const stored = (id: MediaId) =>
    sql`UPDATE media SET state = ${states.stored} WHERE id = ${id} AND state = ${states.pending} RETURNING 1`

  const mine = (account: AccountId, id: MediaId) =>
    Effect.map(
      sql<OwnRow>`
        SELECT shown, state, post_id AS "postId" FROM media
        WHERE id = ${id} AND account = ${account} AND purpose = ${purposes.post} AND state <> ${states.doomed}`,
      ([row]) => row && { media: mediumOf(row.shown), isStored: row.state !== states.pending, postId: row.postId }
    )

  const describe: Store["describe"] = (account, id, change) =>
    operation(
      "AttachmentStore.describe",
      Effect.map(
        sql<OwnRow>`
          UPDATE media SET shown = shown || ${changeText(change)}::jsonb
          WHERE id = ${id} AND account = ${account} AND purpose = ${purposes.post} AND post_id IS NULL
            AND state <> ${states.doomed} RETURNING shown`,
        ([row]) => row && mediumOf(row.shown)
      )
    )

  /** A picture that was let go expires so many hours after that. */
  const owners = (ids: ReadonlyArray<MediaId>) =>
    Effect.map(
      sql<{ id: MediaId; no: LocalNo }>`
        SELECT m.id, a.no FROM media m JOIN accounts a ON a.id = m.account
        WHERE m.id = ANY(${int8s(ids)}) AND m.state <> ${states.doomed} AND (m.state <> ${states.freed}
          OR m.expires_at > now() + ${unusedHours}::int * interval '1 hour' - ${freedMinutes}::int * interval '1 minute')`,
      (rows) => new Map(rows.map(({ id, no }) => [id, no]))
    )

  const release = (account: AccountId, ids: ReadonlyArray<MediaId>) =>
    Effect.map(
      sql`
        UPDATE media SET state = ${states.doomed}, expires_at = now()
        WHERE id = ANY(${int8s(ids)}) AND account = ${account} AND expires_at IS NOT NULL AND state <> ${states.doomed}
        RETURNING 1`,
      (rows) => rows.length
    )

  const lockStored = (account: AccountId, which: ProfilePicture, id: MediaId) =>
    sql`
      SELECT 1 FROM media WHERE id = ${id} AND account = ${account} AND purpose = ${purposes[which]}
        AND state = ${states.stored} FOR UPDATE`

  /** The account's row is locked before others' pictures are let go: of two that come together, the later lets the earlier go. */
  const setPicture: Store["setPicture"] = (account, which, picture) =>
    sql.withTransaction(Effect.gen(function*() {
      if (picture !== null && !found(yield* lockStored(account, which, picture.id))) return false
      const changed = yield* sql`
        UPDATE accounts SET ${sql.literal(which)} = ${picture?.key ?? null} WHERE id = ${account} RETURNING 1`
      if (!found(changed)) return false
      const id = picture?.id ?? 0n
      yield* sql`
        UPDATE media SET expires_at = CASE WHEN id <> ${id} THEN ${unused} END
        WHERE account = ${account} AND purpose = ${purposes[which]} AND (expires_at IS NULL OR id = ${id})`
      return true
    })).pipe((effect) => operation("AttachmentStore.setPicture", effect))

  const doomed = (limit: number) =>
    sql<Doomed>`
      UPDATE media SET state = ${states.doomed}, post_id = NULL WHERE id = ANY(ARRAY(
        SELECT id FROM media WHERE expires_at <= now() ORDER BY expires_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
      )) RETURNING id, objects`

  const forget = (ids: ReadonlyArray<MediaId>) =>
    Effect.asVoid(sql`DELETE FROM media WHERE id = ANY(${int8s(ids)}) AND state = ${states.doomed}`)

  return {
    reserve: (media) => operation("AttachmentStore.reserve", Effect.map(reserve(media), found)),
    stored: (id) => operation("AttachmentStore.stored", Effect.map(stored(id), found)),
    mine: (account, id) => operation("AttachmentStore.mine", mine(account, id)),
    owners: (ids) => operation("AttachmentStore.owners", owners(ids)),
    describe,
    release: (account, ids) => operation("AttachmentStore.release", release(account, ids)),
    setPicture,
    doomed: (limit) => operation("AttachmentStore.doomed", doomed(limit)),
    forget: (ids) => operation("AttachmentStore.forget", forget(ids))
  }
})
