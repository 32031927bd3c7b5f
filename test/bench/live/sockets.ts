/** Thousands of WebSockets of this process, as clients open them. */
import { Effect, Schedule } from "effect"
import { WebSocket } from "ws"
import { until } from "../cluster/metrics.ts"

export interface Sockets {
  readonly count: number
  /** Sockets that ended by themselves. */
  readonly lost: () => number
}

/** Sockets on their way in at once: the front answers each only when the person's shard knows of them. */
const openingMax = 64
const openLimit = "60 seconds"
const openTries = 5

const attempt = (url: string, token: string, onFrame: (frame: Buffer) => void, onLost: () => void) =>
  Effect.callback<WebSocket, Error>((resume) => {
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` }, perMessageDeflate: false })
    socket.on("message", onFrame)
    socket.once("open", () => {
      socket.once("close", onLost)
      resume(Effect.succeed(socket))
    })
    socket.on("error", (error) => resume(Effect.fail(error)))
    return Effect.sync(() => socket.terminate())
  })

/** Opens one socket for each token; all are open when it ends, and are closed with the scope. */
export const open = (
  frontUrl: string,
  stream: string,
  tokens: ReadonlyArray<string>,
  onFrame: (frame: Buffer) => void
) =>
  Effect.gen(function*() {
    let lost = 0
    let isClosing = false
    const url = `${frontUrl.replace("http", "ws")}/api/v1/streaming?stream=${stream}`
    const onLost = () => {
      if (!isClosing) lost++
    }
    const openOne = (token: string) =>
      attempt(url, token, onFrame, onLost).pipe(
        Effect.timeout(openLimit),
        Effect.retry({ times: openTries, schedule: Schedule.exponential("100 millis") })
      )
    const sockets: Array<WebSocket> = []
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosing = true
        for (const socket of sockets) socket.terminate()
      })
    )
    yield* Effect.forEach(tokens, (token) => Effect.map(openOne(token), (socket) => void sockets.push(socket)), {
      concurrency: openingMax,
      discard: true
    })
    return { count: sockets.length, lost: () => lost } satisfies Sockets
  })

/** Waits until `received` stands at `expected`, or has not moved for some seconds. */
export const settled = (received: () => number, expected: number, quietSeconds: number) => {
  let last = -1
  let movedAt = performance.now()
  const look = Effect.sync(() => {
    const now = received()
    if (now !== last) movedAt = performance.now()
    last = now
    return now >= expected || performance.now() - movedAt > quietSeconds * 1000
  })
  return until("the last frame", 300, 50, look)
}
