import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { killLeftovers, RUN_VARIABLE } from "../src/testing/leftovers.ts"

describe.runIf(process.platform === "linux")("what a test run leaves behind", () => {
  it.live("is found by its environment, named and killed", () =>
    Effect.promise(async () => {
      const id = randomUUID()
      const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"], {
        env: { [RUN_VARIABLE]: id },
        stdio: "ignore"
      })
      const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)))
      const found = await killLeftovers(id, 0)
      assert.deepStrictEqual(found.map(({ pid }) => pid), [child.pid])
      assert.include(found[0]?.command, "setInterval")
      assert.strictEqual(await ended, "SIGKILL")
      assert.deepStrictEqual(await killLeftovers(randomUUID(), 0), [])
    }))
})
