/** The graph importer: real files, interruptions, and files that are broken. */
import { assert, describe, it } from "@effect/vitest"
import { PgClient } from "@effect/sql-pg"
import * as graphFile from "@rookery/cluster/admin/graphFile"
import * as progressBar from "@rookery/cluster/admin/progressBar"
import { migrate } from "@rookery/store/postgres/migrate"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Layer, Redacted, Schedule } from "effect"
import { Reactivity } from "effect/reactivity"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { inject } from "vitest"
import * as program from "./program.ts"

const client = (url: string) =>
  PgClient.layerFrom(PgClient.make({ url: Redacted.make(url), maxConnections: 1 })).pipe(Layer.provide(Reactivity.layer))

const database = Effect.suspend(() => TestDatabase.make({
  serverUrl: inject("postgresUrl"),
  template: "import",
  migrate: (url) => Effect.provide(migrate, client(url))
}))

/** A folder with a file, an empty database, and the importer on both. */
const setUp = Effect.fnUntraced(function*(name: string, content: string | Uint8Array) {
  const url = yield* database
  const file = join(yield* program.folder, name)
  yield* Effect.promise(() => writeFile(file, content))
  const run = (...args: ReadonlyArray<string>) => program.run("rookery", ["import-graph", file, ...args], { DATABASE_URL: url })
  const counts = Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const rows = yield* sql<{ accounts: bigint; edges: bigint; posts: bigint; followers: bigint; statuses: bigint }>`
      SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM follows WHERE active) AS edges,
        (SELECT count(*) FROM posts) AS posts, (SELECT sum(followers) FROM authors) AS followers,
        (SELECT sum(statuses) FROM authors) AS statuses`
    return Object.fromEntries(Object.entries(rows[0]!).map(([key, value]) => [key, Number(value)]))
  }).pipe(Effect.provide(client(url)))
  return { url, file, run, counts }
})

/** How many posts accounts have, and how many accounts have so many. */
const perAccount = (url: string) =>
  Effect.flatMap(PgClient.PgClient, (sql) =>
    sql<{ each: number; accounts: number }>`
      SELECT n::int AS each, count(*)::int AS accounts
      FROM (SELECT count(p.id) AS n FROM accounts a LEFT JOIN posts p ON p.author = a.id GROUP BY a.id) GROUP BY n ORDER BY n`
  ).pipe(Effect.provide(client(url)))

/** Half of the accounts are written to, as by people who change their profiles: their rows move, and are read in another order. */
const moveRows = (url: string) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const write = sql`UPDATE accounts SET admin = admin WHERE no % 2 = 0`
    yield* sql.withTransaction(Effect.repeat(write, { times: 3 }))
  }).pipe(Effect.provide(client(url)))

interface Status {
  readonly content: string
  readonly account: { readonly username: string }
}

/** Newest first. */
const textsIn = (body: unknown): Array<string> => (body as Array<Status>).map(({ content }) => content.replaceAll(/<[^>]*>/g, ""))
const authorsIn = (body: unknown): Array<string> => (body as Array<Status>).map(({ account }) => account.username)

const call = (front: string, token: string, path: string, form?: Record<string, string>) =>
  Effect.promise(async () => {
    const response = await fetch(front + path, {
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
      headers: { authorization: `Bearer ${token}` }
    })
    return { status: response.status, body: await response.json() }
  })

/** Asks until the answer satisfies. */
const eventually = <A>(ask: Effect.Effect<A>, isThere: (answer: A) => boolean) =>
  Effect.retry(Effect.flatMap(ask, (answer) => isThere(answer) ? Effect.void : Effect.fail(answer)), { schedule: Schedule.spaced(100), times: 300 })

describe("import-graph", () => {
  it.live("makes accounts, edges and posts out of any white space, with comments, packed or not", () =>
    Effect.scoped(Effect.gen(function*() {
      const text = "# who follows whom\n1 2\r\n3\t2\n\n  1   3 \n1 2\n% ".slice(0, -2)
      const { counts, run } = yield* setUp("graph.gz", gzipSync(text))
      const { code, output } = yield* run("--posts-per-account", "2", "--post-text-bytes", "50")
      assert.strictEqual(code, 0, output)
      assert.deepStrictEqual(yield* counts, { accounts: 3, edges: 3, posts: 6, followers: 3, statuses: 6 })
      const again = yield* run("--posts-per-account", "2", "--post-text-bytes", "50")
      assert.strictEqual(again.code, 0, again.output)
      assert.strictEqual((yield* counts)["posts"], 6)
    })), 60_000)

  it.live("is taken in by a server that runs: by timelines that are in memory, and by authors who know their followers", () =>
    Effect.scoped(Effect.gen(function*() {
      const { file, run, url } = yield* setUp("graph.txt", "1 2\n3 4\n")
      assert.strictEqual((yield* run()).code, 0)
      const one = yield* program.start("one", [], { DATABASE_URL: url, DATA_DIR: yield* program.folder, PORT: "0" })
      const [, front] = yield* one.says(/is running at (http:\S+)/, 120_000)
      const token = (name: string) =>
        Effect.map(program.run("rookery", ["accounts", "token", name], { DATABASE_URL: url }), ({ stdout }) => stdout.trim())
      const [u1, u2, u3] = yield* Effect.forEach(["u1", "u2", "u3"], token)
      const home = (of: string) => call(front!, of, "/api/v1/timelines/home")
      const post = (of: string, status: string) => call(front!, of, "/api/v1/statuses", { status })
      // The window of each is in memory, and the author knows of one follower.
      yield* home(u3!)
      yield* post(u2!, "before")
      yield* eventually(home(u1!), ({ body }) => textsIn(body).includes("before"))

      yield* Effect.promise(() => writeFile(file, "3 2\n1 5\n"))
      const second = yield* run("--posts-per-account", "1")
      assert.match(second.output, /2 were new[^]*4 posts/, second.output)
      yield* eventually(home(u3!), ({ body }) => textsIn(body).includes("before") && textsIn(body).length === 3)
      yield* eventually(home(u1!), ({ body }) => authorsIn(body).includes("u5"))
      yield* post(u2!, "after")
      yield* eventually(home(u3!), ({ body }) => textsIn(body)[0] === "after")
    })), 120_000)

  it.live("goes on where it was after kill -9, and counts nothing twice", () =>
    Effect.scoped(Effect.gen(function*() {
      // 40,000 edges in four batches.
      const lines = Array.from({ length: 40_000 }, (_, i) => `${i % 2000} ${2000 + Math.floor(i / 2000)}`)
      const { counts, file, run, url } = yield* setUp("graph.txt", lines.join("\n"))
      const first = yield* program.start("rookery", ["import-graph", file], { DATABASE_URL: url })
      const some = Effect.flatMap(counts, ({ edges }) => edges! > 0 ? Effect.void : Effect.fail("none yet"))
      yield* Effect.retry(some, { times: 600 })
      first.kill("SIGKILL")
      yield* first.ended
      const resumed = yield* run()
      assert.strictEqual(resumed.code, 0, resumed.output)
      assert.include(yield* counts, { accounts: 2020, edges: 40_000, followers: 40_000 })
    })), 60_000)

  it.live("killed among the posts, writes the rest of them: as many of every account", () =>
    Effect.scoped(Effect.gen(function*() {
      // In eight batches, of which all but the last end in the middle of a round.
      const { counts, file, run, url } = yield* setUp("graph.txt", Array.from({ length: 5_992 }, (_, i) => `${i} ${i + 1}`).join("\n"))
      const flags = ["--posts-per-account", "12", "--post-text-bytes", "30"]
      const first = yield* program.start("rookery", ["import-graph", file, ...flags], { DATABASE_URL: url })
      const some = Effect.flatMap(counts, ({ posts }) => posts! > 0 ? Effect.void : Effect.fail("none yet"))
      yield* Effect.retry(some, { times: 3_000 })
      first.kill("SIGKILL")
      yield* first.ended
      const written = (yield* counts)["posts"]!
      assert.isBelow(written, 71_916)
      yield* moveRows(url)
      const resumed = yield* run(...flags)
      assert.strictEqual(resumed.code, 0, resumed.output)
      assert.include(resumed.output, `\n${(71_916 - written).toLocaleString("en-US")} posts\n`)
      assert.include(yield* counts, { accounts: 5_993, posts: 71_916, statuses: 71_916 })
      assert.deepStrictEqual(yield* perAccount(url), [{ each: 12, accounts: 5_993 }])
    })), 60_000)

  it.live("names broken lines and imports nothing, unless it is told to leave them out", () =>
    Effect.scoped(Effect.gen(function*() {
      const { counts, run } = yield* setUp("graph.txt", "1 2\n1 two\n3\n4 5 6\n7 7\n-1 2\n2 1\n")
      const refused = yield* run()
      assert.strictEqual(refused.code, 1)
      assert.match(refused.output, /5 broken lines; nothing was imported/)
      assert.match(refused.output, /line 2: not two whole numbers from 0 on: "1 two"/)
      assert.match(refused.output, /line 5: an account cannot follow itself/)
      assert.strictEqual((yield* counts)["accounts"], 0)
      const { code, output } = yield* run("--skip-bad-lines")
      assert.strictEqual(code, 0, output)
      assert.include(yield* counts, { accounts: 2, edges: 2 })
    })), 60_000)

  it.live("names the first broken lines of a file that has no others, whether they are to be left out or not", () =>
    Effect.scoped(Effect.gen(function*() {
      const { counts, run } = yield* setUp("graph.csv", `follower,followee\n${"1,2\n".repeat(11)}`)
      for (const flags of [[], ["--skip-bad-lines"]]) {
        const { code, output } = yield* run(...flags)
        assert.strictEqual(code, 1)
        assert.match(output, /graph\.csv has no line "follower followee", but 12 broken lines:\n  line 1: one word instead of two numbers: "follower,followee"\n  line 2: /)
        assert.match(output, /  line 10: [^]*  and 2 more\n/)
      }
      assert.strictEqual((yield* counts)["accounts"], 0)
    })), 60_000)

  it.live("says why a file cannot be read, or has nothing in it", () =>
    Effect.scoped(Effect.gen(function*() {
      const { run } = yield* setUp("graph.txt", "# only talk\n")
      assert.match((yield* run()).output, /has no line "follower followee"/)
      const damaged = yield* setUp("graph.gz", gzipSync("1 2\n3 4\n").subarray(0, 20))
      const { code, output } = yield* damaged.run()
      assert.strictEqual(code, 1)
      assert.match(output, /cannot read .*graph\.gz: unexpected end of file/)
    })), 60_000)
})

describe("a line of a graph file", () => {
  it("is an edge, a comment, or wrong for a reason", () => {
    assert.deepStrictEqual(graphFile.parseLine(7, " 12\t0 \r"), { line: 7, follower: 12, followee: 0 })
    assert.isUndefined(graphFile.parseLine(1, "   "))
    assert.isUndefined(graphFile.parseLine(1, "#1 2"))
    for (const text of ["1", "1 2 3", "1.5 2", "1 -2", "99999999999999999 1", "1e3 2", "5 5"]) {
      assert.property(graphFile.parseLine(1, text), "reason", text)
    }
  })
})

describe("the progress bar", () => {
  it("shows share, rate and time left", () => {
    const line = progressBar.render("edges", 50, 200, 10)
    assert.match(line, /^edges █+░+ 25 % {2}50 of 200 {2}10\/s {2}15 s left$/)
    assert.match(progressBar.render("edges", 0, 9000, 0), / … left$/)
    assert.match(progressBar.render("edges", 0, 9000, 100), / 1 min 30 s left$/)
  })
})
