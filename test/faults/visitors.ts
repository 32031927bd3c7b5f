/** People who use a front as client programs do: over HTTP, asking again when they are told to, and listening. */
import type { AccountId } from "@rookery/domain/Ids"
import { OAuthStore } from "@rookery/store/OAuthStore"
import { Data, Effect, type Scope } from "effect"
import { createHash, randomBytes } from "node:crypto"

export interface Visitor {
  readonly token: string
  /** Statuses of every answer, with how often; 0 stands for none within the client's time. */
  readonly answers: Map<number, number>
}

/** An answer that no client should ever see. */
export class Unfit extends Data.TaggedError("Unfit")<{ readonly message: string }> {}

const requestMillis = 15_000
/** A client that is told "not now" comes back, this often. */
const attemptsMax = 60
const pauseMillis = 300

/** Lets `account` in, as OAuth would have. */
export const admit = (account: AccountId) =>
  Effect.gen(function*() {
    const oauth = yield* OAuthStore
    const token = randomBytes(16).toString("hex")
    const app = yield* oauth.createApp({
      clientId: randomBytes(8).toString("hex"),
      secretHash: "",
      name: "a visitor",
      website: null,
      redirectUris: [],
      scopes: "read write"
    })
    const tokenHash = createHash("sha256").update(token).digest("hex")
    yield* oauth.createToken({ tokenHash, appId: app.id, account, scopes: "read write", createdAt: Date.now() })
    const visitor: Visitor = { token, answers: new Map() }
    return visitor
  })

interface Answer {
  readonly status: number
  readonly body: unknown
}

const send = (visitor: Visitor, url: string, init: RequestInit): Effect.Effect<Answer> =>
  Effect.promise(async () => {
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(requestMillis) })
      .then(async (response) => ({ status: response.status, body: await response.json() }))
      .catch(() => ({ status: 0, body: undefined }))
    visitor.answers.set(answer.status, (visitor.answers.get(answer.status) ?? 0) + 1)
    return answer
  })

/** Asks until it is answered; 503 and silence mean "again", anything else but 200 is unfit. */
const patiently = (visitor: Visitor, url: string, init: RequestInit): Effect.Effect<unknown, Unfit> =>
  Effect.gen(function*() {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const { body, status } = yield* send(visitor, url, init)
      if (status === 200) return body
      if (status !== 503 && status !== 0) {
        return yield* new Unfit({ message: `${init.method ?? "GET"} ${url} was answered ${status} ${JSON.stringify(body)}` })
      }
      yield* Effect.sleep(pauseMillis)
    }
    return yield* new Unfit({ message: `${url} was not answered in ${attemptsMax} attempts` })
  })

/** Posts once, however often it must be asked for; answers the id. */
export const post = (visitor: Visitor, front: string, status: string) =>
  Effect.map(
    patiently(visitor, `${front}/api/v1/statuses`, {
      method: "POST",
      headers: { authorization: `Bearer ${visitor.token}`, "idempotency-key": status },
      body: new URLSearchParams({ status })
    }),
    (body) => (body as { readonly id: string }).id
  )

/** The whole home timeline, page by page, down to the short one. */
export const home = (visitor: Visitor, front: string, limit: number) =>
  Effect.gen(function*() {
    const ids: Array<string> = []
    while (true) {
      const below = ids.length === 0 ? "" : `&max_id=${ids.at(-1)}`
      const page = (yield* patiently(visitor, `${front}/api/v1/timelines/home?limit=${limit}${below}`, {
        headers: { authorization: `Bearer ${visitor.token}` }
      })) as ReadonlyArray<{ readonly id: string }>
      ids.push(...page.map(({ id }) => id))
      if (page.length < limit) return ids
    }
  })

/** Ids of the posts that the visitor's stream tells of, from now on; the socket closes with the scope. */
export const listen = (visitor: Visitor, front: string): Effect.Effect<ReadonlySet<string>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<{ readonly heard: Set<string>; readonly socket: WebSocket }>((resolve, reject) => {
        const url = `${front.replace("http", "ws")}/api/v1/streaming?stream=user&access_token=${visitor.token}`
        const socket = new WebSocket(url)
        const heard = new Set<string>()
        socket.addEventListener("message", ({ data }) => {
          const { event, payload } = JSON.parse(String(data)) as { readonly event: string; readonly payload: string }
          if (event === "update") heard.add((JSON.parse(payload) as { readonly id: string }).id)
        })
        socket.addEventListener("open", () => resolve({ heard, socket }), { once: true })
        socket.addEventListener("error", () => reject(new Error("the stream could not be opened")), { once: true })
      })),
    ({ socket }) => Effect.sync(() => socket.close())
  ).pipe(Effect.map(({ heard }) => heard))
