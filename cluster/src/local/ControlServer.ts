/** The control port of a local cluster: operator commands over loopback HTTP, for scripts, tests and the CLI. */
import { Effect, type Scope } from "effect"
import { randomBytes, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import type { Answer } from "./operator.ts"

export interface Control {
  readonly url: string
  /** Whoever may read `cluster.json` has it; others on this machine do not. */
  readonly token: string
}

const BODY_MAX = 4096

/** Listens on a free port until the scope ends. A `POST` of one line is answered with `Answer` as JSON. */
export const start = (execute: (line: string) => Promise<Answer>): Effect.Effect<Control, Error, Scope.Scope> => {
  const token = randomBytes(24).toString("hex")
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, token, execute).catch((cause: unknown) => reply(response, 500, { ok: false, text: String(cause) }))
  })
  const listen = Effect.callback<Control, Error>((resume) => {
    server.once("error", (error) => resume(Effect.fail(error)))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, token }))
    })
  })
  return Effect.acquireRelease(listen, () => Effect.sync(() => {
    server.close()
    server.closeAllConnections()
  }))
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  execute: (line: string) => Promise<Answer>
): Promise<void> => {
  if (!isAllowed(request, token)) return reply(response, 401, { ok: false, text: "the token of cluster.json is wanted" })
  if (request.method !== "POST") return reply(response, 405, { ok: false, text: "post one line" })
  let line = ""
  for await (const chunk of request.setEncoding("utf8")) {
    line += chunk
    if (line.length > BODY_MAX) return reply(response, 413, { ok: false, text: "too long" })
  }
  const result = await execute(line)
  reply(response, result.ok ? 200 : 400, result)
}

const isAllowed = (request: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(request.headers.authorization ?? "")
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

const reply = (response: ServerResponse, status: number, body: Answer): void => {
  response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(JSON.stringify(body))
}

/** Sends one line to a control port. Rejects when nobody answers there. */
export const send = async (control: Control, line: string): Promise<Answer> => {
  const response = await fetch(control.url, {
    method: "POST",
    body: line,
    headers: { authorization: `Bearer ${control.token}` },
    signal: AbortSignal.timeout(90_000)
  })
  return await response.json() as Answer
}
