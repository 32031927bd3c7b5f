/** What is written to streams. A frame is encoded once for each way in which it is sent, however many it is sent to. */
import type { Hydrated } from "../read/Hydration.ts"
import type { ViewerMarks } from "../read/Marks.ts"
import * as Presentation from "../read/Presentation.ts"
import * as StreamNames from "./StreamNames.ts"

export type EventName = "update" | "status.update" | "delete" | "notification" | "conversation"

export interface Frame {
  readonly event: EventName
  /** JSON in one line, or a bare id. */
  readonly payload: string
  readonly encoded: Map<string, Buffer>
}

export const make = (event: EventName, payload: string): Frame => ({ event, payload, encoded: new Map() })

/** A whole status. */
export const status = (event: "update" | "status.update", item: Hydrated, marks: ViewerMarks): Frame =>
  make(event, Presentation.one(item, marks).toString("utf8"))

/** A deleted post: its bare id. */
export const deleted = (id: bigint): Frame => make("delete", String(id))

const once = (frame: Frame, key: string, text: () => string): Buffer => {
  const known = frame.encoded.get(key)
  if (known !== undefined) return known
  const bytes = Buffer.from(text())
  frame.encoded.set(key, bytes)
  return bytes
}

/** As a message of a WebSocket that listens to `stream`. */
export const message = (frame: Frame, stream: string): Buffer =>
  once(frame, stream, () =>
    `{"stream":${JSON.stringify(StreamNames.wireName(stream))},"event":"${frame.event}","payload":${JSON.stringify(frame.payload)}}`)

/** As a server-sent event. */
export const serverSent = (frame: Frame): Buffer =>
  once(frame, "", () => `event: ${frame.event}\ndata: ${frame.payload}\n\n`)

export const heartbeat = ":thump\n"

export const error = (message: string): string => JSON.stringify({ error: message, status: 400 })
