/** What of the contract is left out is written down, with why, and nothing else is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { isAnswered, operations } from "./contractPaths.ts"
import { withFront } from "./frontWorld.ts"

const page = readFileSync(new URL("../../../docs/contract.md", import.meta.url), "utf8")

/** Rows of the page's table: `| GET, POST | /path | why |`. */
const explained = new Map<string, string>(
  [...page.matchAll(/^\| ([A-Z, ]+) \| `(\/[^`]+)` \| (.+) \|$/gm)]
    .flatMap(([, methods, path, why]) => methods!.split(", ").map((method) => [`${method} ${path}`, why!.trim()] as const))
)

describe("docs/contract.md", () => {
  it.live("names every path of the contract that the front does not answer, with why", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const answered = yield* Effect.filter(operations, (one) => isAnswered(client, one), { concurrency: 4 })
        const known = new Set(answered)
        const missing = operations.filter((one) => !known.has(one)).map(({ method, path }) => `${method} ${path}`)
        const unnamed = missing.filter((one) => (explained.get(one) ?? "") === "")
        assert.deepStrictEqual(unnamed, [], "add these to docs/contract.md, with why they are missing")
        const stale = [...explained.keys()].filter((one) => !missing.includes(one))
        assert.deepStrictEqual(stale, [], "the front answers these now: take them out of docs/contract.md")
        yield* Effect.logInfo(`${answered.length} of ${operations.length} operations are answered; missing: ${missing.join(", ")}`)
      })), 60_000)
})
