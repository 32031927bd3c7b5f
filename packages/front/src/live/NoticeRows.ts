/** The rows of notifications that are told of now: each shard tells of few, so those of all shards are read together. */
import type { AccountId } from "@rookery/domain/Ids"
import * as Coalescer from "@rookery/protocol/Coalescer"
import type { NotificationRow, NotificationStore } from "@rookery/store/NotificationStore"
import { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"

export interface Pair {
  readonly account: AccountId
  readonly id: bigint
}

export type NoticeRows = Coalescer.Coalescer<"notices", Pair, NotificationRow | undefined, StoreError>

/** Rows of one query, and rows that may wait; beyond them some are left out, and the lists have them. */
const rowsAtOnce = 500
const waitingMax = 65_536

/** Answers in order; undefined for what was dismissed or is held back. */
const load = (store: NotificationStore["Service"]) => (_: "notices", pairs: ReadonlyArray<Pair>) =>
  Effect.map(store.byIds(pairs), (rows) => {
    const byId = new Map(rows.map((row) => [row.id, row]))
    return pairs.map(({ account, id }) => {
      const row = byId.get(id)
      return row?.account === account ? row : undefined
    })
  })

export const make = (store: NotificationStore["Service"]): Effect.Effect<NoticeRows> =>
  Coalescer.make<"notices", Pair, NotificationRow | undefined, StoreError>({
    inFlightMax: 2,
    batchMax: rowsAtOnce,
    waitingMax,
    gather: true,
    full: () => new StoreError({ operation: "notices", cause: new Error("too many notices wait") }),
    send: load(store)
  })

/** Those of `pairs` that stand. */
export const all = (rows: NoticeRows, pairs: ReadonlyArray<Pair>): Effect.Effect<ReadonlyArray<NotificationRow>, StoreError> =>
  Effect.map(
    Effect.forEach(pairs, (pair) => rows.request("notices", pair), { concurrency: "unbounded" }), // bounded by what a chunk holds
    (found) => found.filter((row) => row !== undefined)
  )
