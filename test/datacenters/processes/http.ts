/** Requests at any front, and what their answers prove: that it was done, that it was not, or neither. */
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import { type Ground, isExcused } from "./ground.ts"

export interface Request {
  /** The datacenter that is home to what is asked; the front's own unless given. */
  readonly home?: string
  readonly method?: string
  /** From the root, with a query. */
  readonly path: string
  readonly token?: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  /** 0 when there was none, and none was due: the front that was asked had been stopped. */
  readonly status: number
  readonly json: unknown
  /** The home could not be reached, and this is what anybody may read. */
  readonly isForAnybody: boolean
  readonly millis: number
}

/** However much is cut off: two connections, an answer's head, an actor's patience, and a slow machine. */
const answerMillisMax = 45_000

const exchange = (url: string, { body, headers = {}, method = body === undefined ? "GET" : "POST", token }: Request) =>
  Effect.promise(async (): Promise<Answer | Error> => {
    const start = performance.now()
    try {
      const response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(answerMillisMax),
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const json: unknown = JSON.parse(await response.text())
      return { status: response.status, json, isForAnybody: response.headers.has("x-rookery-home"), millis: performance.now() - start }
    } catch (cause) {
      return cause instanceof Error ? cause : new Error(String(cause))
    }
  })

const isClear = ({ json, status }: Answer): boolean =>
  status < 500 || (status === 503 && typeof (json as { readonly error?: unknown } | null)?.error === "string")

/** Asks a front of the datacenter `via`. Fails where no client should ever be left: without an answer in time, or without a clear one. */
export const ask = (ground: Ground, via: string, request: Request) =>
  Effect.gen(function*() {
    const sentAt = performance.now()
    const answer = yield* exchange(ground.datacenter(via).frontsUrl + request.path, request)
    const told = { via, method: request.method, path: request.path, millis: Math.round(performance.now() - sentAt) }
    if (answer instanceof Error) {
      const isOver = performance.now() - sentAt > answerMillisMax - 1_000
      // An answer from elsewhere that had begun is cut off with the front that gave it.
      const isDue = !isExcused(ground, via, sentAt) && !isExcused(ground, request.home ?? via, sentAt)
      if (isOver || isDue) return yield* broken("every request is answered in a bounded time", { ...told, cause: String(answer) })
      return { status: 0, json: undefined, isForAnybody: false, millis: told.millis } satisfies Answer
    }
    if (!isClear(answer)) return yield* broken("what cannot be done now is refused with 503 and a reason", { ...told, answer })
    return answer
  })

export type Outcome = "done" | "refused" | "unknown"

/** Anything but 503, or silence, is the home's word. */
export const outcomeOf = ({ status }: Answer): Outcome => status === 200 ? "done" : status === 503 || status === 0 ? "unknown" : "refused"
