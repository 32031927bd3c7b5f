/** The versions of a post, wherever they are. */
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { mediaOf, type StoredMedia } from "../mediaRows.ts"
import { chunkColumn, type Wordy, withPacked } from "./reader.ts"
import type { Packed } from "./chunk.ts"

interface Version {
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly media: StoredMedia
  /** When it replaced the one before; null for the first. */
  readonly at: Date | null
}

interface Current extends Version, Wordy {
  readonly media: StoredMedia
  /** Versions that were replaced and are not packed. */
  readonly edits: ReadonlyArray<Omit<Version, "at"> & { readonly at: string }>
}

/** One statement, so that a post that is edited meanwhile is read before it or after. */
const readCurrent = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<bigint>) =>
  sql<Current>`
    SELECT p.id, p.text, p.spoiler, p.sensitive, p.media, p.edited_at AS at, p.content, ${sql.literal(chunkColumn)},
      coalesce((
        SELECT json_agg(json_build_object('text', text, 'spoiler', spoiler, 'sensitive', sensitive, 'media', media, 'at', at) ORDER BY version)
        FROM post_edits WHERE post_id = p.id
      ), '[]') AS edits
    FROM posts p WHERE p.id = ${ids[0]!} AND p.deleted_at IS NULL`

/** The first version bears the beginning of time, as edits write it. */
const dateOf = (at: string): Date | null => {
  const date = new Date(at)
  return date.getTime() === 0 ? null : date
}

const versionsOf = (row: Current, packed: Packed | undefined): ReadonlyArray<Version> => [
  ...(packed ?? row).edits.map((edit) => ({ ...edit, at: dateOf(edit.at) })),
  { ...row, ...packed }
]

/** Each version stands from when it replaced the one before; the first from when the post was made. None of a deleted post. */
export const history = (sql: SqlClient.SqlClient, id: PostId) =>
  Effect.gen(function*() {
    const read = readCurrent(sql)
    const rows: ReadonlyArray<readonly [Current, Packed | undefined]> = yield* withPacked(sql, yield* read([id]), read)
    return rows.flatMap(([row, packed]) => versionsOf(row, packed)).map(({ at, media, sensitive, spoiler, text }) => (
      { text, spoiler, sensitive, media: mediaOf(media), at: at?.getTime() ?? Snowflake.millisOf(id) }
    ))
  })
