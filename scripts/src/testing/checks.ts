/** The checks that need no server: types, lint, rooms, cycles, dead code. */
import { Effect } from "effect"
import { run } from "./childProgram.ts"

/** A step that has run; `name` is what people read. */
export interface StepResult {
  readonly name: string
  readonly isGood: boolean
}

interface Check {
  readonly name: string
  readonly script: string
  readonly args: ReadonlyArray<string>
}

const KNIP = "node_modules/knip/bin/knip.js"
const KNIP_OPTIONS = ["--no-progress", "--no-config-hints"]

/** Scripts are named from the project's root. */
const CHECKS: ReadonlyArray<Check> = [
  { name: "type check", script: "node_modules/typescript/bin/tsc", args: ["--noEmit", "-p", "tsconfig.json"] },
  { name: "lint", script: "node_modules/oxlint/bin/oxlint", args: ["--type-aware", "--deny-warnings"] },
  { name: "rooms", script: "scripts/src/checkRooms.ts", args: [] },
  { name: "cycles", script: KNIP, args: [...KNIP_OPTIONS, "--cycles"] },
  { name: "dead code", script: KNIP, args: [...KNIP_OPTIONS, "--exclude", "cycles"] }
]

/** Runs every check, two at a time, and prints each as it ends; what a check says is shown only where it fails. */
export const runChecks = (root: string): Effect.Effect<Array<StepResult>> =>
  Effect.forEach(CHECKS, (check) => runCheck(root, check), { concurrency: 2 })

const runCheck = Effect.fnUntraced(function*(root: string, check: Check) {
  const started = performance.now()
  const { code, output } = yield* run({ ...check, cwd: root, isShown: false })
  report(check.name, code === 0, started)
  if (code !== 0) console.error(output.trimEnd())
  return { name: check.name, isGood: code === 0 }
})

/** Prints one line for a step that took until now. */
export const report = (name: string, isGood: boolean, started: number): void => {
  console.log(`${isGood ? "✓" : "✗"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
}
