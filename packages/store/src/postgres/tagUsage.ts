/** How often tags are used, day by day. */
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { TagDay } from "../TopicStore.ts"
import { texts } from "./statement.ts"

const dayMillis = 86_400_000
const usageDays = 7
/** Of a tag that is used beyond measure, so many of the newest posts are counted. */
const usageMax = 100_000

interface Row {
  readonly tag: string
  readonly day: bigint
  readonly uses: bigint
  readonly accounts: bigint
}

/** The seven days up to the one of `now` (milliseconds since 1970), the latest first, of each tag. */
export const tagUsages = (
  sql: SqlClient.SqlClient,
  tags: ReadonlyArray<string>,
  now: number
): Effect.Effect<ReadonlyMap<string, ReadonlyArray<TagDay>>, SqlError.SqlError> => {
  const today = Math.floor(now / dayMillis)
  const days = Array.from({ length: usageDays }, (_, i) => (today - i) * dayMillis)
  const floor = Snowflake.floorAt(days[usageDays - 1]!)
  const rows = sql<Row>`
    SELECT w.tag, ((u.post_id >> 22) + ${BigInt(Snowflake.epochMillis)}) / ${BigInt(dayMillis)} AS day,
      count(*) AS uses, count(DISTINCT u.author) AS accounts
    FROM unnest(${texts(tags)}) AS w (tag) CROSS JOIN LATERAL (
      SELECT post_id, author FROM post_tags t WHERE t.tag = w.tag AND t.visibility = 0 AND t.post_id >= ${floor}
        AND t.author NOT IN (SELECT account FROM authors WHERE disabled)
      ORDER BY post_id DESC LIMIT ${usageMax}
    ) u GROUP BY 1, 2`
  return Effect.map(rows, (found) => {
    const byDay = new Map(found.map((row) => [`${Number(row.day) * dayMillis} ${row.tag}`, row]))
    return new Map(tags.map((tag) => [
      tag,
      days.map((day): TagDay => {
        const row = byDay.get(`${day} ${tag}`)
        return { day, uses: Number(row?.uses ?? 0n), accounts: Number(row?.accounts ?? 0n) }
      })
    ]))
  })
}
