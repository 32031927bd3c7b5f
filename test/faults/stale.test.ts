/** A runner that stood still while its people moved on: what it knows from before is not what it answers. */
import { assert, describe, it } from "@effect/vitest"
import * as Client from "@rookery/testkit/Client"
import { OAuthStore } from "@rookery/store/OAuthStore"
import { Effect, References, Schedule } from "effect"
import { createHash } from "node:crypto"
import { newest } from "../oracle/perform.ts"
import * as World from "../oracle/world.ts"
import * as Ground from "./ground.ts"

/** Enough that both runners hold some. */
const readers = 12
const env = { SHARD_LOCK_EXPIRATION_MILLIS: "3000", SHARD_LOCK_REFRESH_MILLIS: "1000", LOG_LEVEL: "Warn" }
const takeoverMillis = 20_000

const draft = {
  text: "news",
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null
} as const

/** A token of every person, as a client program holds it. */
const tokensOf = (people: ReadonlyArray<World.Someone>) =>
  Effect.gen(function*() {
    const oauth = yield* OAuthStore
    const app = yield* oauth.createApp({
      clientId: "fault-test",
      secretHash: "",
      name: "fault test",
      website: null,
      redirectUris: [],
      scopes: "read"
    })
    return yield* Effect.forEach(people, (person) => {
      const token = `token-of-${person.no}`
      const tokenHash = createHash("sha256").update(token).digest("hex")
      const row = { tokenHash, appId: app.id, account: person.id, scopes: "read", createdAt: Date.now() }
      return Effect.as(oauth.createToken(row), token)
    })
  })

interface Answer {
  readonly status: number
  readonly ids: ReadonlyArray<string>
}

/** Starts a request at once; its answer may take until the front goes on. */
const ask = (front: string, token: string): Promise<Answer> =>
  fetch(`${front}/api/v1/timelines/home`, { headers: { authorization: `Bearer ${token}` } }).then(async (response) => {
    const body: unknown = await response.json()
    return { status: response.status, ids: Array.isArray(body) ? body.map((post: { id: string }) => post.id) : [] }
  })

describe("a runner that stands still past its lease", () => {
  it.live("refuses readers rather than show them what it knew before", () =>
    Effect.gen(function*() {
      const ground = yield* Ground.make(env)
      const [still, , front] = yield* Effect.all([ground.startRunner(), ground.startRunner(), ground.startFront()], {
        concurrency: 2
      })
      const context = yield* Ground.join(ground)
      yield* Effect.gen(function*() {
        const client = yield* Client.make({ attemptMillis: 2_000, patienceMillis: takeoverMillis })
        const world = yield* World.make(client, "stale", readers + 1)
        const [author, ...people] = world.people as [World.Someone, ...Array<World.Someone>]
        const tokens = yield* tokensOf(people)
        yield* Effect.forEach(people, (person) => client.setFollow(person.id, author.id, true), { concurrency: 4 })
        const before = yield* client.publish(author.id, "before", draft)
        const askAll = () => tokens.map((token) => ask(front.url, token))
        const warm = yield* Effect.promise(() => Promise.all(askAll())).pipe(
          Effect.repeat({ until: (answers) => answers.every(({ ids }) => ids.length === 1), times: 50, schedule: Schedule.spaced(100) })
        )
        assert.deepStrictEqual(warm.map(({ ids }) => ids), tokens.map(() => [String(before.id)]))

        yield* still.kill("SIGSTOP")
        yield* front.kill("SIGSTOP")
        const during = yield* client.publish(author.id, "during", draft)
        // Served by the other runner, the post among it: the takeover is over.
        yield* Effect.forEach(people, (person) => client.home(person, newest(5)), { concurrency: 4 }).pipe(
          Effect.repeat({
            until: (pages) => pages.every((page) => page[0]?.id === during.id),
            times: 100,
            schedule: Schedule.spaced(100)
          })
        )
        // The front still believes what it knew, too: its requests go to the runner that stood still.
        const asked = Array.from({ length: 5 }, askAll).flat()
        yield* still.kill("SIGCONT")
        yield* front.kill("SIGCONT")
        const answers = yield* Effect.promise(() => Promise.all(asked))
        const stale = answers.filter(({ ids, status }) => status === 200 && ids[0] !== String(during.id))
        const statuses = Object.fromEntries([...Map.groupBy(answers, ({ status }) => status)].map(([status, all]) => [status, all.length]))
        console.log("answers after the runner went on, by status:", statuses)
        assert.deepStrictEqual(stale, [])
        assert.isTrue(answers.every(({ status }) => status === 200 || status === 503), JSON.stringify(statuses))
      }).pipe(
        Effect.provideContext(context),
        Effect.onError(() => Effect.sync(() => console.log(ground.said())))
      )
    }).pipe(Effect.scoped, Effect.provideService(References.MinimumLogLevel, "Error")), 90_000)
})
