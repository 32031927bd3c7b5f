/** Accounts as bytes of JSON that know no viewer, cached apart from their posts. */
import { LocalNo } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { AccountRow, AccountStore } from "@rookery/store/AccountStore"
import { Effect } from "effect"
import * as Account from "../render/Account.ts"
import type { Addresses } from "../render/Addresses.ts"
import * as Json from "../render/JsonBytes.ts"
import type { FrontSettings } from "../Settings.ts"
import * as FillCache from "./FillCache.ts"

export interface RenderedAccount {
  readonly row: AccountRow
  /** Bytes of UTF-8, each a character. */
  readonly json: string
}

/** Accounts in one query, and queries at once; what is asked meanwhile goes with the next. */
const batchMax = 500
const loadsMax = 1

const render = (row: AccountRow, addresses: Addresses): RenderedAccount => {
  Json.begin()
  Json.json(JSON.stringify(Account.entity(row, addresses)))
  return { row, json: Json.finish() }
}

/** With one status more; undefined if the row may count it already, as for a post that is answered once more. */
export const withPost = (row: AccountRow, post: Post, addresses: Addresses): RenderedAccount | undefined => {
  const at = Snowflake.millisOf(post.id)
  return at > (row.lastStatusAt ?? 0) ? render({ ...row, statuses: row.statuses + 1, lastStatusAt: at }, addresses) : undefined
}

/** A cache of them by local number. */
export const make = (store: AccountStore["Service"], addresses: Addresses, limits: FrontSettings["limits"]) =>
  FillCache.make<number, RenderedAccount>({
    bytesMax: limits.accountCacheBytes,
    sizeOf: ({ json }) => json.length + 400,
    millis: limits.accountMillis,
    missingMillis: () => limits.accountMillis,
    batchMax,
    loadsMax,
    load: (nos) =>
      Effect.map(store.byNos(nos.map((no) => LocalNo.make(no))), (rows) =>
        new Map(rows.map((row) => [row.no, render(row, addresses)])))
  })
