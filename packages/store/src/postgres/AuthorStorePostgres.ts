/** Authors as writers: fence, mode, follower set. */
import { modes, overrides } from "@rookery/domain/FanoutMode"
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { AuthorRow, AuthorStore, FollowerRow, ModeRow } from "../AuthorStore.ts"
import { followUpClaimMillis, taskKinds } from "./outboxTask.ts"
import { operation } from "./statement.ts"

const headings = ["push", "pull"] as const

interface Row {
  readonly author: AccountId
  readonly authorNo: LocalNo
  readonly version: bigint
  readonly mode: number
  readonly heading: number
  readonly override: number
  readonly epoch: number
  readonly edgeSequence: bigint
  readonly followers: number
}

const columns = `account AS author, no AS "authorNo", version, mode, heading, override, epoch,
  edge_sequence AS "edgeSequence", followers`

const authorOf = (row: Row): AuthorRow => ({
  author: row.author,
  authorNo: row.authorNo,
  version: Number(row.version),
  mode: modes[row.mode]!,
  heading: headings[row.heading]!,
  override: overrides[row.override]!,
  epoch: row.epoch,
  edgeSequence: Number(row.edgeSequence),
  followers: row.followers
})

/** Followers in one packed value; a million of them stay far below the driver's bound for one message. */
const followersPerChunk = 500_000
const followerBytes = 6

const unpackFollowers = (chunks: ReadonlyArray<Uint8Array | null>): Array<FollowerRow> => {
  const followers: Array<FollowerRow> = []
  for (const chunk of chunks) {
    if (chunk === null) continue
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let at = 0; at < chunk.byteLength; at += followerBytes) {
      followers.push({ followerNo: view.getInt32(at) as LocalNo, shard: view.getInt16(at + 4) })
    }
  }
  return followers
}

export const make = Effect.map(SqlClient.SqlClient, (sql): AuthorStore["Service"] => {
  const author = sql.literal(columns)

  const followers = (account: AccountId) =>
    Effect.map(
      sql<{ edgeSequence: bigint; chunk: Uint8Array | null }>`
        SELECT a.edge_sequence AS "edgeSequence", packed.chunk FROM authors a
        LEFT JOIN LATERAL (
          SELECT string_agg(int4send(follower_no) || int2send(follower_shard), '') AS chunk
          FROM (
            SELECT follower_no, follower_shard, (row_number() OVER () - 1) / ${followersPerChunk}::int AS part
            FROM follows WHERE followee = a.account AND active AND follower_shard <> 0
          ) numbered
          GROUP BY part
        ) packed ON true
        WHERE a.account = ${account}`,
      (rows) => ({
        edgeSequence: Number(rows[0]?.edgeSequence ?? 0n),
        followers: unpackFollowers(rows.map((row) => row.chunk))
      })
    )

  /** `both` is not settled: its outbox row lasts until the other side is reached. */
  const setMode: AuthorStore["Service"]["setMode"] = (account, version, change) =>
    operation(
      "AuthorStore.setMode",
      Effect.map(
        sql<Row & { outboxId: bigint | null }>`
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
    sql<Row>`SELECT ${author} FROM authors WHERE mode <> 0`,
    (rows) => rows.map(modeOf)
  )

  return {
    load: (account) =>
      operation(
        "AuthorStore.load",
        Effect.map(
          sql<Row>`SELECT ${author} FROM authors WHERE account = ${account}`,
          ([row]) => row && authorOf(row)
        )
      ),
    followers: (account) => operation("AuthorStore.followers", followers(account)),
    setMode,
    unpushed: operation("AuthorStore.unpushed", unpushed)
  }
})

const modeOf = (row: Row): ModeRow => ({
  author: row.author,
  authorNo: row.authorNo,
  mode: modes[row.mode]!,
  epoch: row.epoch
})

