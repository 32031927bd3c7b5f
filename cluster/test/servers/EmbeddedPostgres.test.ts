import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
import { UNSAFE_BUT_FAST } from "@rookery/cluster/servers/LocalServers"
import { recover } from "@rookery/cluster/servers/postgresFolder"
import { startTime } from "@rookery/cluster/servers/processIdentity"
import { Effect, Exit, Redacted, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { spawn } from "node:child_process"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

const query = (url: string, text: string) =>
  Effect.scoped(Effect.flatMap(PgClient.make({ url: Redacted.make(url) }), (sql) => sql.unsafe(text))).pipe(
    Effect.provide(Reactivity.layer)
  )

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "rookery-postgres-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const start = (folder: string) => EmbeddedPostgres.start({ folder, settings: UNSAFE_BUT_FAST })

const remember = "CREATE TABLE kept AS SELECT 42 AS answer"
const recall = "SELECT answer FROM kept"

/** Starts a server in another process, which is then killed without warning; yields the server's process number. */
const startAndKillParent = (folder: string) =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", parentProgram(folder)], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"]
    })
    const [pid] = await child.stdout.take(1).toArray()
    const ended = new Promise((resolve) => child.once("exit", resolve))
    child.kill("SIGKILL")
    await ended
    return Number(pid)
  })

const parentProgram = (folder: string): string => `
  import { Effect } from "effect"
  import * as EmbeddedPostgres from "@rookery/cluster/servers/EmbeddedPostgres"
  const started = EmbeddedPostgres.start({ folder: ${JSON.stringify(folder)}, settings: { fsync: "off" } })
  await Effect.runPromise(Effect.scoped(Effect.andThen(
    Effect.flatMap(started, ({ pid }) => Effect.sync(() => console.log(pid))),
    Effect.never
  )))
`

describe("the embedded PostgreSQL", () => {
  it.live("keeps its data, its password private and its port, from one start to the next", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const first = yield* Effect.scoped(Effect.tap(start(folder), ({ url }) => query(url, remember)))
      const again = yield* EmbeddedPostgres.start({ folder, port: first.port })
      assert.strictEqual(again.url, first.url)
      assert.deepStrictEqual(yield* query(again.url, recall), [{ answer: 42 }])
      assert.strictEqual((yield* Effect.promise(() => stat(join(folder, "password")))).mode & 0o777, 0o600)
      const wrong = query(again.url.replace(/:[0-9a-f]+@/, ":wrong@"), "SELECT 1")
      assert.strictEqual((yield* Effect.exit(wrong))._tag, "Failure")
    }))

  it.live("comes back with its data after the server is killed", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const scope = yield* Scope.make()
      const first = yield* Scope.provide(start(folder), scope)
      yield* query(first.url, remember)
      process.kill(first.pid, "SIGKILL")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* query((yield* start(folder)).url, recall), [{ answer: 42 }])
    }))

  it.live("takes over from a parent that was killed", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const orphan = yield* startAndKillParent(folder)
      const server = yield* start(folder)
      assert.notStrictEqual(server.pid, orphan)
      assert.strictEqual((yield* query(server.url, "SELECT 1 AS one")).length, 1)
    }))

  it.live("starts although its old process number now belongs to somebody else", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const file = join(folder, "data", "postmaster.pid")
      const lockFile = yield* Effect.scoped(
        Effect.andThen(start(folder), Effect.promise(() => readFile(file, "utf8")))
      )
      const bystander = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"], { stdio: "ignore" })
      yield* Effect.addFinalizer(() => Effect.sync(() => bystander.kill("SIGKILL")))
      yield* Effect.promise(() => writeFile(file, lockFile.replace(/^\d+/, `${bystander.pid}`)))
      yield* start(folder)
      assert.isNull(bystander.exitCode)
    }))

  it.live("stops and waits for a server that an earlier run left running", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const { pid } = yield* start(folder)
      yield* Effect.promise(() => recover(folder))
      assert.isUndefined(startTime(pid))
    }))

  it.live("refuses a folder that a living process uses", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const { pid } = yield* start(folder)
      const error = yield* Effect.flip(Effect.scoped(start(folder)))
      assert.match(error.message, /another Rookery \(process \d+\) uses/)
      assert.isDefined(startTime(pid))
    }))

  it.live("says why when the port that was asked for is taken", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const { port } = yield* start(join(folder, "one"))
      const error = yield* Effect.flip(EmbeddedPostgres.start({ folder: join(folder, "two"), port }))
      assert.match(error.message, /ended before it was ready(.|\n)*in use/i)
    }))
})
