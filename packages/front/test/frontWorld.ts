/** A front over a real runner and the real database of one test, and a client that speaks to it. */
import { inject } from "@effect/vitest"
import type { Settings } from "@rookery/entities/Settings"
import * as NoSnapshots from "@rookery/testkit/NoSnapshots"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect } from "effect"
import * as Front from "../src/Front.ts"
import { defaultLimits, type FrontLimits, type FrontSettings } from "../src/Settings.ts"

const publicUrl = "https://rookery.example"

export interface Options {
  readonly settings?: Partial<Omit<FrontSettings, "limits">>
  readonly limits?: Partial<FrontLimits>
  readonly entities?: Partial<Settings>
}

export const settingsOf = (options: Options): FrontSettings => ({
  host: "127.0.0.1",
  port: 0,
  publicUrl,
  frontId: "front-1",
  version: "0.0.0-test",
  title: "Test",
  description: "A front under test",
  contactEmail: "admin@rookery.example",
  registrationsOpen: true,
  passwordGrant: true,
  postCharactersMax: 500,
  ...options.settings,
  limits: { ...defaultLimits, ...options.limits }
})

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // Answers are looked into field by field: their shape is the contract's concern.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

export interface Call {
  readonly token?: string
  readonly json?: unknown
  readonly form?: Record<string, string> | ReadonlyArray<readonly [string, string]>
  readonly multipart?: Record<string, string | Blob>
  readonly raw?: string
  readonly headers?: Record<string, string>
}

const bodyOf = (call: Call): { readonly body?: string | URLSearchParams | FormData; readonly type?: string } => {
  if (call.raw !== undefined) return { body: call.raw }
  if (call.json !== undefined) return { body: JSON.stringify(call.json), type: "application/json" }
  if (call.form !== undefined) return { body: new URLSearchParams(call.form as Record<string, string>) }
  if (call.multipart === undefined) return {}
  const form = new FormData()
  for (const [name, value] of Object.entries(call.multipart)) form.set(name, value)
  return { body: form }
}

const send = async (base: string, method: string, path: string, call: Call): Promise<Reply> => {
  const { body, type } = bodyOf(call)
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
      ...(type === undefined ? {} : { "content-type": type }),
      ...call.headers
    },
    ...(body === undefined ? {} : { body })
  })
  const text = await response.text()
  const isJson = response.headers.get("content-type")?.includes("json") === true && text !== ""
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined }
}

export interface Someone {
  readonly id: string
  readonly token: string
}

/** What a client of the front can do. */
export const makeClient = (base: string) => {
  const call = (method: string, path: string, options: Call = {}) =>
    Effect.promise(() => send(base, method, path, options))
  /** The body of an answer that must be 200. */
  const ok = (method: string, path: string, options: Call = {}) =>
    Effect.map(call(method, path, options), (reply) => {
      if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`)
      return reply.body
    })
  const register = (scopes = "read write follow") =>
    ok("POST", "/api/v1/apps", { json: { client_name: "test", redirect_uris: ["urn:ietf:wg:oauth:2.0:oob"], scopes } })
  const appToken = (scopes = "read write follow") =>
    Effect.flatMap(register(scopes), ({ client_id, client_secret }) =>
      ok("POST", "/oauth/token", { json: { grant_type: "client_credentials", client_id, client_secret, scope: scopes } }))
      .pipe(Effect.map((token): string => token.access_token))
  const signUpWith = (username: string, scopes: string | undefined) =>
    Effect.gen(function*() {
      const form = { username, email: `${username}@rookery.example`, password: "correct horse", agreement: "1", locale: "en" }
      const { access_token: token } = yield* ok("POST", "/api/v1/accounts", { token: yield* appToken(scopes), form })
      const { id } = yield* ok("GET", "/api/v1/accounts/verify_credentials", { token })
      return { id, token }
    })
  const signUp = (username: string) => signUpWith(username, undefined)
  const post = (by: Someone, status: string, more: object = {}) =>
    ok("POST", "/api/v1/statuses", { token: by.token, json: { status, ...more } })
  return { base, call, ok, register, appToken, signUp, signUpWith, post }
}

export type Client = ReturnType<typeof makeClient>

/** Runs `use` against fresh fronts with one fresh database; it may ask for the stores and the bus behind them. */
export const withFronts = <A, E, R = never>(
  count: number,
  use: (clients: ReadonlyArray<Client>) => Effect.Effect<A, E, R>,
  options: Options = {}
) =>
  Effect.scoped(Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    return yield* Effect.gen(function*() {
      const clients = yield* Effect.forEach(Array.from({ length: count }, (_, n) => n + 1), (n) =>
        Effect.map(Front.serve({ ...settingsOf(options), frontId: `front-${n}` }), ({ host, port }) =>
          makeClient(`http://${host}:${port}`)))
      return yield* use(clients)
    }).pipe(
      Effect.scoped,
      Effect.provide(TestCluster.layer({ databaseUrl, snapshots: NoSnapshots.layer, ...(options.entities === undefined ? {} : { settings: options.entities }) }))
    )
  }))

/** The same with one front. */
export const withFront = <A, E, R = never>(use: (client: Client) => Effect.Effect<A, E, R>, options: Options = {}) =>
  withFronts(1, ([client]) => use(client!), options)

/** Asks until the answer satisfies, for at most 30 s unless told otherwise. */
export const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, isThere: (answer: A) => boolean, millisMax = 30_000) =>
  Effect.gen(function*() {
    const until = Date.now() + millisMax
    while (true) {
      const answer = yield* ask
      if (isThere(answer)) return answer
      if (Date.now() > until) throw new Error(`not in ${millisMax} ms; last: ${JSON.stringify(answer).slice(0, 500)}`)
      yield* Effect.sleep(25)
    }
  })
