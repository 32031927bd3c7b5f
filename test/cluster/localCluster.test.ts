/** `npm run cluster`, less npm: servers of its own, members as processes, an operator's commands, and nothing left behind. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as program from "./program.ts"

interface ClusterFile {
  readonly members: ReadonlyArray<{ readonly kind: string; readonly number: number; readonly pid: number; readonly url: string }>
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const readCluster = (dataDir: string) =>
  Effect.promise(async () => JSON.parse(await readFile(join(dataDir, "cluster.json"), "utf8")) as ClusterFile)

const startCluster = Effect.fnUntraced(function*(dataDir: string, runners: number) {
  const cluster = yield* program.start("cluster", ["--runners", `${runners}`, "--fronts", "1"], { DATA_DIR: dataDir })
  yield* cluster.says(/The cluster runs\./)
  return cluster
})

/** Its own pid and those of everything below it, by the kernel's book. */
const processTree = (root: number): Effect.Effect<ReadonlyArray<number>> =>
  Effect.promise(async () => {
    const children = await readFile(`/proc/${root}/task/${root}/children`, "utf8").catch(() => "")
    const trees = children.trim().split(" ").filter((pid) => pid !== "").map((pid) => Effect.runPromise(processTree(Number(pid))))
    return [root, ...(await Promise.all(trees)).flat()]
  })

const awaitGone = (pids: ReadonlyArray<number>) =>
  Effect.suspend(() => pids.some(isAlive) ? Effect.fail(`still there: ${pids.filter(isAlive).join(" ")}`) : Effect.void).pipe(
    Effect.retry({ schedule: Schedule.spaced(50), times: 200 })
  )

describe("the local cluster", () => {
  it.live("serves, takes an operator's commands from terminal and CLI, and stops whole on Ctrl-C", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const env = { DATA_DIR: dataDir }
      const cli = (...args: ReadonlyArray<string>) => program.run("rookery", args, env)
      const cluster = yield* startCluster(dataDir, 2)
      const entry = yield* readCluster(dataDir)
      assert.deepStrictEqual(entry.members.map(({ kind, number }) => `${kind} ${number}`).sort(), ["front 1", "runner 1", "runner 2"])

      const created = yield* cli("accounts", "create", "eve", "--email", "eve@example.org", "--password", "correct-horse")
      assert.strictEqual(created.code, 0, created.output)
      const token = (yield* cli("accounts", "token", "eve")).stdout.trim()
      const front = entry.members.find(({ kind }) => kind === "front")!
      const posted = yield* Effect.promise(() =>
        fetch(`${front.url}/api/v1/statuses`, {
          method: "POST",
          body: new URLSearchParams({ status: "through the cluster" }),
          headers: { authorization: `Bearer ${token}` }
        }))
      assert.strictEqual(posted.status, 200)
      assert.match((yield* cli("author", "eve", "--fanout", "pull")).output, /eve is set to pull/)

      cluster.tell("add runner")
      yield* cluster.says(/\nrunner 3 +pid/)
      const stopped = yield* cli("cluster", "stop-runner", "1")
      assert.strictEqual(stopped.code, 0, stopped.output)
      const status = yield* cli("cluster", "status")
      assert.match(status.output, /runner 2[^]*runner 3/)
      assert.notMatch(status.output, /runner 1/)
      assert.strictEqual((yield* cli("cluster", "stop-runner", "7")).code, 1)
      cluster.tell("frobnicate")
      yield* cluster.says(/not understood: frobnicate/)

      const pids = yield* processTree(cluster.pid)
      assert.isAtLeast(pids.length, 7)
      cluster.kill("SIGINT")
      assert.strictEqual((yield* cluster.ended).code, 0)
      yield* awaitGone(pids)
      assert.strictEqual((yield* cli("cluster", "status")).code, 1)
    })), 90_000)

  it.live("leaves no process behind when it is killed, not even one that is stopped", () =>
    Effect.scoped(Effect.gen(function*() {
      const dataDir = yield* program.folder
      const cluster = yield* startCluster(dataDir, 1)
      const { members } = yield* readCluster(dataDir)
      const pids = yield* processTree(cluster.pid)
      process.kill(members.find(({ kind }) => kind === "runner")!.pid, "SIGSTOP")
      cluster.kill("SIGKILL")
      yield* cluster.ended
      yield* awaitGone(pids)
    })), 60_000)
})
