/** Timelines in Redis at their cap, before anything is measured of them. */
import * as Snowflake from "@rookery/domain/Snowflake"
import type * as Resp from "./RespClient.ts"
import type { Way } from "./timelinesInRedis.ts"

/** In one write, some 2 MB. */
const entriesAtOnce = 40_000
const dayMillis = 86_400_000

/** The key of a reader's timeline. */
export const timelineOf = (reader: number): string => `t:${reader}`

/** The `i`th id after a time, in milliseconds, as many machines make them. */
export const idAt = (millis: number, i: number): string => String(Snowflake.make(millis, 1 + (i >> 12), i & 4095))

/** Writes each by itself, as feeds do: deliveries into copies of one (COPY) cost some 10 % more. */
export const fillTimelines = async (client: Resp.RespClient, way: Way, timelines: number): Promise<void> => {
  const start = Date.now() - dayMillis
  const fill = way.fill(Array.from({ length: way.entries }, (_, i) => idAt(start, i)))
  const atOnce = Math.ceil(entriesAtOnce / way.entries)
  for (let reader = 0; reader < timelines; reader += atOnce) {
    const keys = Array.from({ length: Math.min(atOnce, timelines - reader) }, (_, i) => timelineOf(reader + i))
    await client.send(Buffer.from(keys.map(fill).join(""), "latin1"), keys.length)
  }
}
