/** What is asked to be published, as columns, and who may answer or repost what. */
import { visibilities } from "@rookery/domain/Post"
import type { PublishRow } from "../PostStore.ts"
import { unprunedMatch } from "./postRows.ts"
import { blockedText } from "./relationRules.ts"
import { bools, int2s, int4s, int8s, storable, texts } from "./statement.ts"

/** The rows as columns. A wrapper has no text and answers nothing. */
export const columnsOf = (rows: ReadonlyArray<PublishRow>) => ({
  ids: int8s(rows.map((row) => row.id)),
  authors: int8s(rows.map((row) => row.author)),
  versions: int8s(rows.map((row) => row.version === undefined ? null : BigInt(row.version))),
  keys: texts(rows.map((row) => storable(row.requestKey))),
  texts: texts(rows.map((row) => textOf(row))),
  spoilers: texts(rows.map((row) => storable(row.draft.spoiler))),
  sensitive: bools(rows.map((row) => row.draft.sensitive)),
  visibility: int2s(rows.map((row) => visibilities.indexOf(row.draft.visibility))),
  languages: texts(rows.map((row) => row.draft.language)),
  replies: int8s(rows.map((row) => row.draft.repostOf === null ? row.draft.replyTo : null)),
  reposts: int8s(rows.map((row) => row.draft.repostOf)),
  claims: int4s(rows.map((row) => row.claimMillis))
})

export const textOf = (row: PublishRow): string => row.draft.repostOf === null ? storable(row.draft.text) : ""

/**
 * Who may answer or repost what: `t` is the post named, `p` the post that counts, which is the one inside when a
 * wrapper is named. A person may answer what they may see (domain/Sight.ts), and repost what is public, or their own unless direct.
 */
export const target = `
  JOIN posts t ON ${unprunedMatch("t.id", "c.named")} AND t.deleted_at IS NULL
  JOIN posts p ON ${unprunedMatch("p.id", "coalesce(t.repost_of, t.id)")} AND p.deleted_at IS NULL
  JOIN authors o ON o.account = p.author AND NOT o.disabled`

const unblocked = `NOT ${blockedText("c.author", "p.author")}`

export const mayRepost = `((p.visibility <= 1 OR (p.visibility = 2 AND p.author = c.author)) AND ${unblocked})`

const isMentioned = "EXISTS (SELECT FROM post_mentions m WHERE m.account = c.author AND m.post_id = p.id)"

export const mayAnswer = `((p.visibility <= 1 OR p.author = c.author OR ${isMentioned} OR (p.visibility = 2 AND EXISTS (
  SELECT FROM follows f WHERE f.follower = c.author AND f.followee = p.author AND f.active))) AND ${unblocked})`
