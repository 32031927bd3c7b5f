/** People of real datacenters, who use the API of their home's fronts as programs do. */
import { Effect, Schedule } from "effect"

export interface Person {
  readonly id: string
  readonly name: string
  readonly token: string
  readonly frontsUrl: string
}

export interface Picture {
  readonly id: string
  readonly url: string
  readonly description: string | null
}

export interface Status {
  readonly id: string
  readonly content: string
  readonly account: { readonly id: string; readonly username: string }
  readonly reblog: Status | null
  readonly favourites_count: number
  readonly reblogs_count: number
  readonly replies_count: number
  readonly media_attachments: ReadonlyArray<Picture>
}

const requestMillis = 20_000

interface Request {
  readonly method?: string
  readonly body?: Readonly<Record<string, unknown>>
  readonly token?: string
}

/** The status and the JSON; fails only where nothing answers. */
export const call = (url: string, { body, method = body === undefined ? "GET" : "POST", token }: Request = {}) =>
  Effect.tryPromise({
    try: async () => {
      const response = await fetch(url, {
        method,
        signal: AbortSignal.timeout(requestMillis),
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" })
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const text = await response.text()
      return { status: response.status, json: text === "" ? undefined : JSON.parse(text) as unknown }
    },
    catch: (cause) => new Error(`${method} ${url}: ${String(cause)}`)
  })

/** Fails unless the answer is 200. */
const done = <A>(url: string, request: Request = {}): Effect.Effect<A, Error> =>
  Effect.flatMap(call(url, request), ({ json, status }) =>
    status === 200 ? Effect.succeed(json as A) : Effect.fail(new Error(`${request.method ?? ""} ${url}: ${status} ${JSON.stringify(json)}`)))

/** Repeats until it succeeds: what one datacenter does another sees in time. */
export const soon = <A, E>(what: string, effect: Effect.Effect<A, E>, seconds = 40): Effect.Effect<A, Error> =>
  effect.pipe(
    Effect.retry({ schedule: Schedule.spaced("100 millis").pipe(Schedule.upTo({ duration: `${seconds} seconds` })) }),
    Effect.mapError((error) => new Error(`not within ${seconds} s: ${what}: ${String(error)}`))
  )

/** As `soon`, of a condition. */
export const until = <A, E>(what: string, read: Effect.Effect<A, E>, holds: (value: A) => boolean, seconds?: number) =>
  soon(what, Effect.flatMap(read, (value) =>
    holds(value) ? Effect.succeed(value) : Effect.fail(new Error(`it is ${JSON.stringify(value)?.slice(0, 500)}`))), seconds)

const redirect = "urn:ietf:wg:oauth:2.0:oob"
const scope = "read write follow"

/** Registers a program; its token signs people up. */
export const program = (frontsUrl: string) =>
  Effect.gen(function*() {
    const app = yield* done<{ readonly client_id: string; readonly client_secret: string }>(`${frontsUrl}/api/v1/apps`, {
      body: { client_name: "test", redirect_uris: redirect, scopes: scope }
    })
    const { access_token: token } = yield* done<{ readonly access_token: string }>(`${frontsUrl}/oauth/token`, {
      body: { grant_type: "client_credentials", client_id: app.client_id, client_secret: app.client_secret, redirect_uri: redirect, scope }
    })
    return token
  })

/** What a program sends to sign somebody up. */
export const registration = (name: string, server: string) =>
  ({ username: name, email: `${name}@${server}.example.org`, password: "correct-horse", agreement: true, locale: "en" })

/** Signs up at the fronts, which claim the name wherever it is to be claimed. */
export const join = (frontsUrl: string, name: string, program: string) =>
  Effect.gen(function*() {
    const made = yield* done<{ readonly access_token: string }>(`${frontsUrl}/api/v1/accounts`, { token: program, body: registration(name, "mail") })
    const { id } = yield* done<{ readonly id: string }>(`${frontsUrl}/api/v1/accounts/verify_credentials`, { token: made.access_token })
    const person: Person = { id, name, token: made.access_token, frontsUrl }
    return person
  })

/** The same with a program of one's own. */
export const signUp = (frontsUrl: string, name: string) =>
  Effect.flatMap(program(frontsUrl), (token) => join(frontsUrl, name, token))

/** One pixel. */
const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")

/** Sends a form with a picture. */
const sendPicture = <A>({ frontsUrl, token }: Person, method: string, path: string, name: string, fields: Readonly<Record<string, string>> = {}) =>
  Effect.tryPromise(async () => {
    const form = new FormData()
    form.set(name, new Blob([png]), "a.png")
    for (const [field, value] of Object.entries(fields)) form.set(field, value)
    const response = await fetch(`${frontsUrl}${path}`, { method, body: form, headers: { authorization: `Bearer ${token}` } })
    if (response.status !== 200) throw new Error(`${method} ${path}: ${response.status}`)
    return await response.json() as A
  })

export const upload = (person: Person, description: string) => sendPicture<Picture>(person, "POST", "/api/v2/media", "file", { description })
export const setAvatar = (person: Person) =>
  sendPicture<{ readonly avatar: string }>(person, "PATCH", "/api/v1/accounts/update_credentials", "avatar")

/** What a person does at their home. */
export const at = ({ frontsUrl, token }: Person) => {
  const api = <A>(path: string, request: Omit<Request, "token"> = {}) => done<A>(`${frontsUrl}/api/v1${path}`, { ...request, token })
  return {
    api,
    follow: (id: string) => api<{ readonly following: boolean }>(`/accounts/${id}/follow`, { method: "POST" }),
    post: (status: string, more: Readonly<Record<string, unknown>> = {}) => api<Status>("/statuses", { body: { status, ...more } }),
    edit: (id: string, status: string) => api<Status>(`/statuses/${id}`, { method: "PUT", body: { status } }),
    remove: (id: string) => api<Status>(`/statuses/${id}`, { method: "DELETE" }),
    like: (id: string) => api<Status>(`/statuses/${id}/favourite`, { method: "POST" }),
    repost: (id: string) => api<Status>(`/statuses/${id}/reblog`, { method: "POST" }),
    status: (id: string) => call(`${frontsUrl}/api/v1/statuses/${id}`, { token }),
    home: api<ReadonlyArray<Status>>("/timelines/home?limit=40"),
    notifications: api<ReadonlyArray<{ readonly type: string; readonly account: { readonly id: string } }>>("/notifications")
  }
}
