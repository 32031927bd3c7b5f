/** The row of an author as an actor knows it, read or written. */
import { modes, overrides } from "@rookery/domain/FanoutMode"
import type { AccountId, LocalNo } from "@rookery/domain/Ids"
import type { AuthorRow } from "../AuthorStore.ts"

export const headings = ["push", "pull"] as const

export interface StoredAuthor {
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

export const authorColumns = `account AS author, no AS "authorNo", version, mode, heading, override, epoch,
  edge_sequence AS "edgeSequence", followers`

export const authorOf = (row: StoredAuthor): AuthorRow => ({
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
