/** What is packed, and what it saves. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { StoreError } from "../../StoreError.ts"
import { operation } from "../statement.ts"
import { waiting } from "./parts.ts"

/** One partition. Bytes are those of its tables and indexes, as they were when it was packed. */
export interface PartStatus {
  readonly name: string
  readonly posts: number
  /** Posts whose words are in chunks. */
  readonly packed: number
  readonly bytesBefore: number
  readonly bytesAfter: number
  /** Not while it is being filled. */
  readonly live: boolean
}

export interface Status {
  /** The oldest first. */
  readonly parts: ReadonlyArray<PartStatus>
  /** Partitions that are old enough, and neither packed nor begun. */
  readonly waiting: ReadonlyArray<string>
}

const parts = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<PartStatus>`
    SELECT name, posts::float8 AS posts, packed::float8 AS packed, bytes_before::float8 AS "bytesBefore",
      bytes_after::float8 AS "bytesAfter", live
    FROM past_parts ORDER BY from_id`)

/** Of partitions that lie wholly below `before`. */
export const status = (before: bigint): Effect.Effect<Status, StoreError, SqlClient.SqlClient> =>
  operation("past.status", Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const known = yield* parts
    const begun = new Set(known.map((part) => part.name))
    const names = (yield* waiting(sql, before)).map((part) => part.name)
    return { parts: known, waiting: names.filter((name) => !begun.has(name)) }
  }))
