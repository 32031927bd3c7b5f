/** What blocks and mutes mean, as conditions for the statements that cannot leave it to the rules of reading. */
import type { SqlClient, Statement } from "effect/sql"

type Part = Statement.Fragment | string

const part = (sql: SqlClient.SqlClient, of: Part): Statement.Fragment => typeof of === "string" ? sql.literal(of) : of

/** Whether one of the two accounts blocks the other. The arguments are columns, or fragments. */
export const blockedBetween = (sql: SqlClient.SqlClient, one: Part, other: Part): Statement.Fragment => {
  const [a, b] = [part(sql, one), part(sql, other)]
  return sql`EXISTS (SELECT FROM blocks k WHERE (k.account = ${a} AND k.target = ${b}) OR (k.account = ${b} AND k.target = ${a}))`
}

/** Text of the same for statements that are made once. */
export const blockedText = (one: string, other: string): string =>
  `EXISTS (SELECT FROM blocks k WHERE (k.account = ${one} AND k.target = ${other}) OR (k.account = ${other} AND k.target = ${one}))`

/** Of a mute `m`: it has not run out. */
export const muteStands = "(m.expires_at IS NULL OR m.expires_at > now())"

/** Whether `reader` mutes `author`; both are columns. */
export const mutedText = (reader: string, author: string): string =>
  `EXISTS (SELECT FROM mutes m WHERE m.account = ${reader} AND m.target = ${author} AND ${muteStands})`
