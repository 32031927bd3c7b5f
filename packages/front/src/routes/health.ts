/** For operators and load balancers. */
import * as Dependencies from "@rookery/observe/Dependencies"
import * as Prometheus from "@rookery/observe/Prometheus"
import { Effect } from "effect"
import type { Deps } from "../Deps.ts"
import * as Answer from "../http/Answer.ts"
import { open, type Route, route } from "../http/Route.ts"
import * as Readiness from "../Readiness.ts"

export const routes = (deps: Deps): ReadonlyArray<Route> => {
  const readiness = Readiness.make(deps)
  return [
    route("GET", "/health", open, () => Effect.succeed(Answer.text("OK"))),
    route("GET", "/ready", open, () =>
      Effect.map(readiness.state, (state) => {
        const { body, status } = Dependencies.answerOf(state)
        return Answer.json(body, status)
      })),
    route("GET", "/metrics", open, () =>
      Effect.map(Prometheus.render, (text) => Answer.text(text, Prometheus.contentType)))
  ]
}
