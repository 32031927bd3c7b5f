/** What people are told while Postgres is away, and what operators read. */
import { assert, describe, it } from "@effect/vitest"
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import { UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import * as Logs from "@rookery/observe/Logs"
import { Effect, Fiber } from "effect"
import { join } from "node:path"
import * as program from "../cluster/program.ts"
import * as Ground from "./ground.ts"

const awayMillis = 10_000
/** Some 3 s on a machine that has nothing else to do; a write that is tried again until Postgres is back takes longer than it is away. */
const answeredMillisMax = 8_000
const betweenMillis = 200

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  readonly text: string
  readonly millis: number
}

const post = (url: string, token: string): Promise<Answer> => {
  const from = performance.now()
  return fetch(`${url}/api/v1/statuses`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams({ status: "hello" })
  }).then(async (response) => ({
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    text: await response.text(),
    millis: performance.now() - from
  }))
}

/** Posts until told to stop, and does not wait for one before the next. */
const keepPosting = (url: string, token: string, done: () => boolean) =>
  Effect.gen(function*() {
    const answers: Array<Promise<Answer>> = []
    while (!done()) {
      answers.push(post(url, token))
      yield* Effect.sleep(betweenMillis)
    }
    return yield* Effect.promise(() => Promise.all(answers))
  })

const troubleIn = (said: string): ReadonlyArray<{ readonly message: unknown }> =>
  said.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))
    .filter(({ level }) => level === "WARN" || level === "ERROR")

describe("while Postgres is away", () => {
  it.live("writes are answered in time, with when to come back, and the log stays short", () =>
    Effect.scoped(Effect.gen(function*() {
      const folder = yield* program.folder
      const postgres = yield* Ground.restartable((port) =>
        EmbeddedPostgres.start({ folder: join(folder, "postgres"), port, settings: UNSAFE_BUT_FAST }))
      const env = { DATABASE_URL: postgres.now().url, DATA_DIR: folder, PORT: "0", LOG_FORMAT: "json" }
      const one = yield* program.start("one", [], env)
      const [, url] = yield* one.says(/is running at (http:\S+)/, 120_000)
      const person = ["--email", "ada@example.org", "--password", "correct-horse"]
      assert.strictEqual((yield* program.run("rookery", ["accounts", "create", "ada", ...person], env)).code, 0)
      const token = (yield* program.run("rookery", ["accounts", "token", "ada"], env)).stdout.trim()

      let done = false
      const posting = yield* Effect.forkChild(keepPosting(url!, token, () => done))
      yield* postgres.restart(awayMillis)
      yield* one.says(new RegExp(Logs.names.dependencyBack))
      done = true
      const answers = yield* Fiber.join(posting)
      const refused = answers.filter(({ status }) => status !== 200)
      console.log(`${answers.length} writes, ${refused.length} refused, the slowest after ${Math.round(Math.max(...answers.map(({ millis }) => millis)))} ms`)
      assert.isAbove(refused.length, 0)
      for (const { millis, retryAfter, status, text } of answers) {
        assert.isBelow(millis, answeredMillisMax)
        if (status === 200) continue
        assert.strictEqual(status, 503, text)
        assert.match(retryAfter!, /^[15]$/)
      }
      assert.isTrue(refused.some(({ text }) => text.includes("cannot reach its database")))
      assert.strictEqual((yield* Effect.promise(() => post(url!, token))).status, 200)

      one.kill("SIGTERM")
      const trouble = troubleIn((yield* one.ended).stdout)
      assert.strictEqual(trouble.filter(({ message }) => message === Logs.names.dependencyLost).length, 1)
      assert.isAtMost(trouble.length, 6, JSON.stringify(trouble))
    })), 180_000)
})
