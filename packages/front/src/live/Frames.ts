/** What is written to streams: the status as a string within the frame, rendered once for all who have no marks on it. */
import type { Hydrated } from "../read/Hydration.ts"
import type { ViewerMarks } from "../read/Marks.ts"
import * as Presentation from "../read/Presentation.ts"

export type StatusEvent = "update" | "status.update"

/** A frame with a whole status. */
export const status = (event: StatusEvent, item: Hydrated, marks: ViewerMarks): Buffer => {
  const payload = JSON.stringify(Presentation.one(item, marks).toString("utf8"))
  return Buffer.from(`{"stream":["user"],"event":"${event}","payload":${payload}}`)
}

/** A deleted post: its bare id. */
export const deleted = (id: bigint): Buffer => Buffer.from(`{"stream":["user"],"event":"delete","payload":"${id}"}`)

export const error = (message: string): string => JSON.stringify({ error: message, status: 400 })
