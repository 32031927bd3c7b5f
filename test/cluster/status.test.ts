/** `rookery status` beside a cluster, beside the one-process program, and beside nothing. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { soon } from "./actors.ts"
import { ask, makeToken, startOne } from "./one.ts"
import { startOperated } from "./operated.ts"
import * as program from "./program.ts"

/** The sum of what stands before a word in the lines that begin with another. */
const sumOf = (text: string, start: string, word: string): number =>
  text.split("\n").filter((line) => line.startsWith(start))
    .reduce((sum, line) => sum + Number(new RegExp(`(\\d+) ${word}`).exec(line)?.[1]), 0)

describe("status", () => {
  it.live("shows a cluster's runners and fronts, its shards, the timelines that are resident, and what waits", () =>
    Effect.scoped(Effect.gen(function*() {
      const { cluster, rookery, urls } = yield* startOperated()
      const shown = Effect.map(rookery("status"), ({ output }) => output)
      const runners = yield* Effect.all([cluster.startRunner(), cluster.startRunner()], { concurrency: 2 })
      const front = yield* cluster.startFront()
      const reader = yield* makeToken(urls, "reader")
      yield* ask(`${front.url}/api/v1/timelines/home`, reader)
      const text = yield* soon(shown, (output) =>
        sumOf(output, "runner ", "shards") === 127 && sumOf(output, "runner ", "resident timelines") === 1 && output.includes("backlog: 0 rows"))
      for (const { clusterPort, url } of runners) {
        assert.match(text, new RegExp(`^runner +127\\.0\\.0\\.1:${clusterPort} +healthy +heartbeat [\\d.]+ s ago +[1-9]\\d* shards .* ${url}$`, "m"))
      }
      assert.match(text, new RegExp(`^front +127\\.0\\.0\\.1:${front.clusterPort} +healthy .* ${front.url}$`, "m"))
      assert.match(text, /^1 accounts, 0 posts$/m)
      assert.notInclude(text, "one process")

      yield* Effect.forEach(runners, ({ stop }) => stop, { concurrency: 2 })
      yield* rookery("author", "reader", "--fanout", "pull")
      const without = yield* shown
      assert.notMatch(without, /^runner .* healthy/m)
      assert.match(without, /^fan-out backlog: 1 rows/m)
    })), 120_000)

  it.live("shows the shards and the resident timelines of the one-process program, and says when it does not answer", () =>
    Effect.scoped(Effect.gen(function*() {
      const env = { DATA_DIR: yield* program.folder }
      const { one, url } = yield* startOne(env.DATA_DIR)
      const reader = yield* makeToken(env, "reader")
      const status = Effect.map(program.run("rookery", ["status"], env), ({ output }) => output)
      assert.include(yield* status, `one process alone serves this database: 127 shards  0 resident timelines ${url}\n`)
      yield* ask(`${url}/api/v1/timelines/home`, reader)
      assert.include(yield* status, "127 shards  1 resident timelines")
      one.kill("SIGSTOP")
      assert.include(yield* status, `127 shards  ? resident timelines (${url}/metrics does not answer)\n`)
      one.kill("SIGKILL")
      yield* one.ended
      assert.include(yield* status, "nothing serves this database\n")
    })), 120_000)
})
