/** `npm start`, less npm: one process beside its own PostgreSQL. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { mkdir, readdir } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { ask, makeToken, startOne } from "./one.ts"
import * as program from "./program.ts"

const textsOf = (answer: { readonly body: unknown }): Array<string> =>
  (answer.body as Array<{ content: string }>).map(({ content }) => content.replaceAll(/<[^>]*>/g, ""))

describe("the one-process program", () => {
  it.live("comes back with everything after kill -9, and stops cleanly on Ctrl-C", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const { one, url } = yield* startOne(dataDir)
      const token = yield* makeToken({ DATA_DIR: dataDir }, "ada")
      const posted = yield* ask(`${url}/api/v1/statuses`, token, { status: "kept" })
      assert.strictEqual(posted.status, 200)
      one.kill("SIGKILL")
      assert.strictEqual((yield* one.ended).signal, "SIGKILL")

      const again = yield* startOne(dataDir)
      const home = yield* ask(`${again.url}/api/v1/timelines/home`, token)
      assert.deepStrictEqual(textsOf(home), ["kept"])
      const search = ask(`${again.url}/api/v2/search?q=kept&type=statuses`, token)
      const found = Effect.flatMap(search, ({ body }) =>
        (body as { statuses: ReadonlyArray<unknown> }).statuses.length === 1 ? Effect.void : Effect.fail(body))
      yield* Effect.retry(found, { schedule: Schedule.spaced(50), times: 400 })
      again.one.kill("SIGINT")
      assert.strictEqual((yield* again.one.ended).code, 0)

      // With no server running the CLI starts the database for itself.
      const { code, output } = yield* program.run("rookery", ["accounts", "list"], { DATA_DIR: dataDir })
      assert.strictEqual(code, 0)
      assert.include(output, "ada")
    })), 60_000)

  it.live("locks out a suspended account at once, also while it runs, and lets it in again; deletes posts, and lists reports", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const { url } = yield* startOne(dataDir)
      const token = yield* makeToken({ DATA_DIR: dataDir }, "bob")
      const check = ask(`${url}/api/v1/accounts/verify_credentials`, token)
      assert.strictEqual((yield* check).status, 200)
      const offered = yield* ask(`${url}/.well-known/oauth-authorization-server`, token)
      assert.include((offered.body as { readonly grant_types_supported: ReadonlyArray<string> }).grant_types_supported, "password")
      const posted = yield* ask(`${url}/api/v1/statuses`, token, { status: "soon gone" })
      const rookery = (...args: ReadonlyArray<string>) => program.run("rookery", args, { DATA_DIR: dataDir })
      const answers = (code: number) =>
        Effect.retry(Effect.flatMap(check, ({ status }) => status === code ? Effect.void : Effect.fail(status)), {
          schedule: Schedule.spaced(50),
          times: 400
        })
      assert.include((yield* rookery("accounts", "suspend", "bob", "--reason", "a test")).stdout, "bob is suspended")
      yield* answers(403)
      assert.include((yield* rookery("accounts", "unsuspend", "bob")).stdout, "bob is not suspended")
      yield* answers(200)
      const { id } = posted.body as { readonly id: string }
      assert.include((yield* rookery("posts", "delete", id)).stdout, `deleted ${id}`)
      const gone = Effect.flatMap(ask(`${url}/api/v1/statuses/${id}`, token), ({ status }) => status === 404 ? Effect.void : Effect.fail(status))
      yield* Effect.retry(gone, { schedule: Schedule.spaced(50), times: 400 })
      assert.include((yield* rookery("reports", "list")).stdout, "no reports")
      assert.strictEqual((yield* rookery("reports", "resolve", "7")).code, 1)
    })), 180_000)

  it.live("refuses a second instance on its data and a taken port, each in a sentence", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      yield* startOne(dataDir)
      const second = yield* program.run("one", [], { DATA_DIR: dataDir, PORT: "0" })
      assert.strictEqual(second.code, 1)
      assert.match(second.output, /rookery: DATA_DIR: another Rookery \(process \d+\) uses/)

      const cluster = yield* program.run("cluster", [], { DATA_DIR: dataDir })
      assert.strictEqual(cluster.code, 1)
      assert.match(cluster.output, /rookery: DATA_DIR: another Rookery \(process \d+\) uses/)
      const missing = yield* program.run("rookery", ["import-graph", "/nonexistent"], { DATA_DIR: dataDir })
      assert.strictEqual(missing.code, 1)
      assert.match(missing.output, /cannot read \/nonexistent: no such file/)
      assert.notInclude(missing.output, "    at ")

      const port = yield* listenSomewhere
      const other = yield* program.run("one", [], { DATA_DIR: yield* program.folder, PORT: `${port}` })
      assert.strictEqual(other.code, 1)
      assert.include(other.output, `127.0.0.1:${port} is taken`)
      assert.notInclude(other.output, "    at ")
    })), 180_000)

  it.live("refuses the data of a cluster that runs on this machine", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const cluster = yield* program.start("cluster", ["--runners", "0", "--fronts", "0"], { DATA_DIR: dataDir })
      yield* cluster.says(/The cluster runs\./, 90_000)
      const one = yield* program.run("one", [], { DATA_DIR: dataDir, PORT: "0" })
      assert.strictEqual(one.code, 1)
      assert.match(one.output, new RegExp(`rookery: DATA_DIR: another Rookery \\(process ${cluster.pid}\\) uses`))
    })), 180_000)

  it.live("says which folder of pictures cannot be used, and why", () =>
    Effect.scoped(Effect.gen(function*() {
      const { code, output } = yield* program.run("one", [], { DATA_DIR: yield* program.folder, PORT: "0", MEDIA_FOLDER: "/etc/passwd" })
      assert.strictEqual(code, 1)
      assert.match(output, /rookery: MEDIA_FOLDER \/etc\/passwd cannot be used: .*EEXIST/)
      assert.notInclude(output, "    at ")
    })), 180_000)

  it.live("prints commands that work as they stand, wherever its data and its port are", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = join(yield* program.folder, "it's here")
      const one = yield* program.start("one", [], { DATA_DIR: dataDir, PORT: "0", SHARDS_PER_GROUP: "31" })
      const [, url] = yield* one.says(/is running at (http:\S+)/, 120_000)
      const [, commands] = yield* one.says(/in another terminal:\n((?:  .+\n)+)/)
      const { code, output } = yield* program.shell(commands!)
      assert.strictEqual(code, 0, output)
      // What was posted, and the timeline that it stands in.
      assert.strictEqual(output.match(/<p>Hello, Rookery<\/p>/g)?.length, 2, output)
      assert.include(output, `"url":"${url}/@ada/`)
    })), 180_000)

  it.live("names every wrong setting, with what is allowed", () =>
    Effect.gen(function*() {
      const { code, output } = yield* program.run("one", [], { PORT: "eighty", FANOUT_PUSH_THRESHOLD: "-1" })
      assert.strictEqual(code, 1)
      assert.match(output, /PORT is "eighty"; allowed is a whole number/)
      assert.match(output, /FANOUT_PUSH_THRESHOLD is "-1"; allowed is/)
    }))

  it.live("ends in order when npm is told to, which is all that a service manager or a script knows", () =>
    Effect.scoped(Effect.gen(function*() {
      const npm = yield* program.startByNpm("start", [], { DATA_DIR: yield* program.folder, PORT: "0" })
      const [, url] = yield* npm.says(/is running at (http:\S+)/, 120_000)
      assert.strictEqual(yield* Effect.promise(() => fetch(`${url}/health`).then((response) => response.text())), "OK")
      npm.kill("SIGTERM")
      yield* npm.ended
      const left = yield* Effect.promise(() => fetch(`${url}/health`).then(({ status }) => `answers ${status}`, () => "gone"))
      assert.strictEqual(left, "gone")
    })), 150_000)

  it.live("takes no arguments, and says so", () =>
    Effect.gen(function*() {
      const refused = yield* program.run("one", ["--port", "9000"], {})
      assert.strictEqual(refused.code, 2)
      assert.match(refused.output, /"--port" is not understood[^]*PORT=9000 npm start/)
      const help = yield* program.run("one", ["--help"], {})
      assert.deepStrictEqual([help.code, help.stdout.includes("DATA_DIR=")], [0, true])
    }), 60_000)

  it.live("is not made a new database for beside the data of a cluster that does not run", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      yield* Effect.promise(() => mkdir(join(dataDir, "cluster")))
      const { code, output } = yield* program.run("rookery", ["accounts", "list"], { DATA_DIR: dataDir })
      assert.strictEqual(code, 1)
      assert.match(output, /has the data of a local cluster that does not run: start it with "npm run cluster" first/)
      assert.deepStrictEqual(yield* Effect.promise(() => readdir(dataDir)), ["cluster"])
    })), 60_000)

  it.live("waits for a database that does not answer, visibly and with a bound", () =>
    Effect.gen(function*() {
      const { code, output } = yield* program.run("one", [], {
        DATABASE_URL: "postgres://nobody:secret@127.0.0.1:1/none",
        CONNECT_ATTEMPTS_MAX: "3",
        CONNECT_PAUSE_MILLIS: "50",
        LOG_FORMAT: "json"
      })
      assert.strictEqual(code, 1)
      assert.strictEqual(output.split("a dependency does not answer yet").length, 4)
      assert.match(output, /rookery: Postgres at 127\.0\.0\.1:1 could not be used in 3 attempts: .*ECONNREFUSED/)
      assert.notInclude(output, "secret")
    }))
})

const listenSomewhere = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) => Effect.sync(() => server.close())
).pipe(Effect.map((server) => {
  const address = server.address()
  return address !== null && typeof address === "object" ? address.port : 0
}))
