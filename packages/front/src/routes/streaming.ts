/** The streaming addresses without a WebSocket: only their health is there for plain HTTP. */
import { Effect } from "effect"
import * as Answer from "../http/Answer.ts"
import { badRequest } from "../http/Errors.ts"
import { open, type Route, route } from "../http/Route.ts"

const plain = (pattern: string) => route("GET", pattern, open, () => Effect.fail(badRequest("Open a WebSocket here")))

export const routes: ReadonlyArray<Route> = [
  route("GET", "/api/v1/streaming/health", open, () => Effect.succeed(Answer.text("OK"))),
  plain("/api/v1/streaming"),
  plain("/api/v1/streaming/user")
]
