/** What a process without clients shows its operators: `/metrics`, `/health` and `/ready`. Fronts serve these themselves. */
import * as Dependencies from "@rookery/observe/Dependencies"
import * as Prometheus from "@rookery/observe/Prometheus"
import { Effect, Layer } from "effect"
import { createServer, type Server, type ServerResponse } from "node:http"

export interface Options {
  readonly host: string
  readonly port: number
  /** What this process needs and does not have. */
  readonly readiness: Effect.Effect<Dependencies.State>
}

/** Listens as long as the layer lives. */
export const layer = (options: Options): Layer.Layer<never, Error> =>
  Layer.effectDiscard(Effect.acquireRelease(listen(options), (server) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })))

const listen = (options: Options): Effect.Effect<Server, Error> =>
  Effect.callback((resume) => {
    const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
      Effect.runFork(answer(options, request.method ?? "", request.url ?? "", response))
    })
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(options.port, options.host, () => resume(Effect.succeed(server)))
  })

const answer = (options: Options, method: string, url: string, response: ServerResponse): Effect.Effect<void> => {
  const reply = (status: number, body: string, type = "text/plain; charset=utf-8") =>
    Effect.sync(() => void response.writeHead(status, { "content-type": type }).end(body))
  if (method !== "GET" && method !== "HEAD") return reply(405, "method not allowed\n")
  const path = url.split("?")[0]
  if (path === "/metrics") return Effect.flatMap(Prometheus.render, (text) => reply(200, text, Prometheus.contentType))
  if (path === "/health") return reply(200, "OK")
  if (path !== "/ready") return reply(404, "not found\n")
  return Effect.flatMap(options.readiness, (state) => {
    const { body, status } = Dependencies.answerOf(state)
    return reply(status, JSON.stringify(body), "application/json; charset=utf-8")
  })
}
