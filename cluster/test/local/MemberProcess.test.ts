import { assert, describe, it } from "@effect/vitest"
import * as MemberProcess from "@rookery/cluster/local/MemberProcess"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const program = fileURLToPath(new URL("programs/showFlags.mjs", import.meta.url))
const bootstrap = fileURLToPath(new URL("../../../scripts/bootstrap.mjs", import.meta.url))

const needed = [
  /^--max-semi-space-size=\d+$/,
  /^--no-allocation-site-pretenuring$/,
  /^--heap-growing-percent=\d+$/,
  /^--external-memory-accounted-in-global-limit$/,
  /^--no-memory-reducer-favors-memory$/,
  /^--v8-pool-size=[1-4]$/
]

const missing = (flags: ReadonlyArray<string>) => needed.filter((flag) => !flags.some((one) => flag.test(one)))

describe("V8's flags", () => {
  it("are given to what the scripts start", () => {
    const env = { ...process.env, ROOKERY_V8_FLAGS: "", NODE_OPTIONS: `--import=${program}` }
    const said = execFileSync(process.execPath, [bootstrap, "rookery", "--version"], { env, encoding: "utf8" })
    // The first line is of the bootstrap itself, the second of the program that it became.
    assert.deepStrictEqual(missing(JSON.parse(said.split("\n")[1]!)), [])
  })

  it.live("are given to the members of a local cluster, which know them", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const command = { name: "flags", program, args: [], env: {}, onLine: (line: string) => lines.push(line) }
      yield* Effect.scoped(MemberProcess.runToEnd(command))
      assert.deepStrictEqual(missing(JSON.parse(lines.at(-1)!)), [])
    }))
})
