/** Authors as writers: fence, mode, follower set. */
import { modes, overrides } from "@rookery/domain/FanoutMode"
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { AuthorStore, FollowerRows, ModeRow } from "../AuthorStore.ts"
import { authorColumns, authorOf, headings, type StoredAuthor } from "./authorRows.ts"
import { followUpClaimMillis, taskKinds } from "./outboxTask.ts"
import { int8s, operation } from "./statement.ts"

interface Packed {
  readonly author: AccountId
  readonly edgeSequence: bigint
  readonly chunk: Uint8Array | null
}

/** Followers in one packed value, by ranges of their numbers; so many of them stay far below the driver's bound for one message. */
const followersPerChunk = 500_000
const followerBytes = 6

/** All chunks of one author. */
const unpackFollowers = (author: AccountId, rows: ReadonlyArray<Packed>): FollowerRows => {
  const count = rows.reduce((sum, row) => sum + (row.chunk?.byteLength ?? 0), 0) / followerBytes
  const numbers = new Uint32Array(count)
  const shards = new Uint16Array(count)
  let i = 0
  for (const { chunk } of rows) {
    if (chunk === null) continue
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let at = 0; at < chunk.byteLength; at += followerBytes) {
      numbers[i] = view.getUint32(at)
      shards[i++] = view.getUint16(at + 4)
    }
  }
  return { author, edgeSequence: Number(rows[0]!.edgeSequence), numbers, shards }
}

export const make = Effect.map(SqlClient.SqlClient, (sql): AuthorStore["Service"] => {
  const author = sql.literal(authorColumns)

  const loadMany = (accounts: ReadonlyArray<AccountId>) =>
    Effect.map(
      sql<StoredAuthor>`SELECT ${author} FROM authors WHERE account = ANY(${int8s(accounts)})`,
      (rows) => rows.map(authorOf)
    )

  const followersOf = (accounts: ReadonlyArray<AccountId>) =>
    Effect.map(
      sql<Packed>`
        SELECT a.account AS author, a.edge_sequence AS "edgeSequence", packed.chunk FROM authors a
        LEFT JOIN LATERAL (
          SELECT string_agg(int4send(follower_no) || int2send(follower_shard), '') AS chunk
           FROM follows WHERE followee = a.account AND active AND follower_shard <> 0
           GROUP BY follower_no / ${followersPerChunk}::int
        ) packed ON true
        WHERE a.account = ANY(${int8s(accounts)})`,
      (rows) => Array.from(Map.groupBy(rows, (row) => row.author), ([account, own]) => unpackFollowers(account, own))
    )

  /** `both` is not settled: its outbox row lasts until the other side is reached. */
  const setMode: AuthorStore["Service"]["setMode"] = (account, version, change) =>
    operation(
      "AuthorStore.setMode",
      Effect.map(
        sql<StoredAuthor & { outboxId: bigint | null }>`
          WITH changed AS (
            UPDATE authors SET version = version + 1, epoch = epoch + 1, mode = ${modes.indexOf(change.mode)},
              heading = ${headings.indexOf(change.heading)}, override = ${overrides.indexOf(change.override)}
            WHERE account = ${account} AND version = ${BigInt(version)} RETURNING ${author}
          ), told AS (
            INSERT INTO outbox (owner, kind, payload, claimed_until)
            SELECT author, ${taskKinds.Transition}, jsonb_build_object('epoch', epoch),
              clock_timestamp() + ${followUpClaimMillis}::int * interval '1 millisecond'
            FROM changed WHERE ${change.mode === "both"} RETURNING id
          )
          SELECT changed.*, told.id AS "outboxId" FROM changed LEFT JOIN told ON true`,
        ([row]) => row && { row: authorOf(row), outboxId: row.outboxId ?? undefined }
      )
    )

  const unpushed = Effect.map(
    sql<StoredAuthor>`SELECT ${author} FROM authors WHERE mode <> 0`,
    (rows) => rows.map(modeOf)
  )

  const importMark = Effect.map(
    sql<{ mark: bigint }>`
      SELECT (coalesce(sum(next_line), 0) + count(*) FILTER (WHERE finished))::bigint AS mark FROM imports`,
    ([row]) => row!.mark
  )

  return {
    load: (account) =>
      operation(
        "AuthorStore.load",
        Effect.map(
          sql<StoredAuthor>`SELECT ${author} FROM authors WHERE account = ${account}`,
          ([row]) => row && authorOf(row)
        )
      ),
    loadMany: (accounts) => operation("AuthorStore.loadMany", loadMany(accounts)),
    followersOf: (accounts) => operation("AuthorStore.followersOf", followersOf(accounts)),
    setMode,
    unpushed: operation("AuthorStore.unpushed", unpushed),
    importMark: operation("AuthorStore.importMark", importMark)
  }
})

const modeOf = (row: StoredAuthor): ModeRow => ({
  author: row.author,
  authorNo: row.authorNo,
  mode: modes[row.mode]!,
  epoch: row.epoch
})

