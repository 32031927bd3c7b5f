/** The load generator's process: takes one plan over IPC, answers with the result, and ends. */
import { Effect } from "effect"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as OpenLoop from "./OpenLoop.ts"
import type { LoadPlan, LoadResult } from "./Plan.ts"

/** The name under which `main.ts` becomes the generator. */
export const loadChild = "child:load"

export const runLoadChild = async (): Promise<number> => {
  const plan = await new Promise<LoadPlan>((resolve) => process.once("message", (message) => resolve(message as LoadPlan)))
  const result = await OpenLoop.execute(plan)
  await new Promise<void>((resolve) => process.send!(result, undefined, undefined, () => resolve()))
  process.disconnect()
  return 0
}

const main = fileURLToPath(new URL("../main.ts", import.meta.url))

/** Runs a plan in a process of its own. */
export const runLoad = (plan: LoadPlan): Effect.Effect<LoadResult, Error> =>
  Effect.callback<LoadResult, Error>((resume) => {
    const child = fork(main, [loadChild], { stdio: ["ignore", "inherit", "inherit", "ipc"] })
    let result: LoadResult | undefined
    child.once("message", (message) => {
      result = message as LoadResult
    })
    child.once("exit", (code) =>
      resume(
        result === undefined
          ? Effect.fail(new Error(`the load generator ended with code ${code} and no result`))
          : Effect.succeed(result)
      ))
    child.send(plan)
    return Effect.sync(() => child.kill("SIGKILL"))
  })
