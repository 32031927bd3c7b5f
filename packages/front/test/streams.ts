/** Readers of streams, for tests: what came, and how it ended. */
import { Effect } from "effect"
import { WebSocket } from "ws"
import { eventually } from "./frontWorld.ts"

export interface Received {
  readonly stream?: ReadonlyArray<string>
  readonly event: string
  readonly payload: string
  /** Of server-sent events. */
  readonly id?: string | undefined
}

export interface Reader {
  readonly received: Array<Received>
  /** Lines without a field: heartbeats. */
  readonly comments: Array<string>
  readonly ended: { code: number | undefined; isOver: boolean; lastId: string | undefined }
  readonly send: (message: object) => void
  readonly pause: () => void
  readonly close: () => void
}

/** Waits until `count` events of that name came, for at most 30 s; answers their payloads. */
export const events = (reader: Reader, event: string, count: number) =>
  eventually(
    Effect.sync(() => reader.received.filter((one) => one.event === event)),
    (found) => found.length >= count
  )

/**
 * Ids of the statuses that came, without `before`: a stream without a cursor begins at the oldest transaction that is
 * still open, so that a status acknowledged just before it may be its first.
 */
export const updatesAfter = (reader: Reader, before: string): ReadonlyArray<string> =>
  reader.received.filter(({ event }) => event === "update").map(({ payload }): string => JSON.parse(payload).id).filter((id) => id !== before)

export const ended = (reader: Reader) => eventually(Effect.sync(() => reader.ended), ({ isOver }) => isOver)

interface SocketOptions {
  readonly token?: string
  readonly protocol?: string
  /** Does not answer pings, as one that is gone without a word. */
  readonly deaf?: boolean
}

/** Opens a WebSocket; ends when it is open. */
export const socket = (base: string, path: string, options: SocketOptions = {}) =>
  Effect.acquireRelease(
    Effect.callback<Reader, Error>((resume) => {
      const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }
      const ws = new WebSocket(base.replace("http", "ws") + path, options.protocol ?? [], { headers, autoPong: options.deaf !== true })
      const reader: Reader = {
        received: [],
        comments: [],
        ended: { code: undefined, isOver: false, lastId: undefined },
        send: (message) => ws.send(JSON.stringify(message)),
        pause: () => ws.pause(),
        close: () => ws.terminate()
      }
      ws.on("message", (data) => reader.received.push(JSON.parse(String(data))))
      ws.on("close", (code) => Object.assign(reader.ended, { code, isOver: true }))
      ws.on("error", (error) => resume(Effect.fail(error)))
      ws.on("open", () => resume(Effect.succeed(reader)))
    }),
    (reader) => Effect.sync(reader.close)
  )

/** One block of a server-sent stream. */
const take = (reader: Reader, block: string): void => {
  const fields = new Map<string, string>()
  for (const line of block.split("\n")) {
    if (line.startsWith(":")) reader.comments.push(line)
    else if (line !== "") fields.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2))
  }
  const id = fields.get("id")
  if (id !== undefined) reader.ended.lastId = id
  const event = fields.get("event")
  if (event !== undefined) reader.received.push({ event, payload: fields.get("data") ?? "", id })
}

/** Opens a stream of server-sent events; fails with the status of a refusal. */
export const serverSent = (base: string, path: string, token: string, headers: Record<string, string> = {}) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: async () => {
        const abort = new AbortController()
        const response = await fetch(base + path, { headers: { authorization: `Bearer ${token}`, ...headers }, signal: abort.signal })
        if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
        const reader: Reader = {
          received: [],
          comments: [],
          ended: { code: undefined, isOver: false, lastId: undefined },
          send: () => undefined,
          pause: () => undefined,
          close: () => abort.abort()
        }
        void read(response, reader)
        return reader
      },
      catch: (error) => error as Error
    }),
    (reader) => Effect.sync(reader.close)
  )

const read = async (response: Response, reader: Reader): Promise<void> => {
  const decoder = new TextDecoder()
  let text = ""
  try {
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true })
      const end = text.lastIndexOf("\n\n")
      if (end === -1 && !text.endsWith("thump\n")) continue
      const whole = end === -1 ? text.length : end + 2
      for (const block of text.slice(0, whole).split("\n\n")) take(reader, block)
      text = text.slice(whole)
    }
  } catch {
    // The test has closed it.
  }
  reader.ended.isOver = true
}
