/** What of the contract is left out is written down, with why, and nothing else is. */
import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { isAnswered, nameOf, operations } from "./contractPaths.ts"

const page = readFileSync(new URL("../../../docs/contract.md", import.meta.url), "utf8")

/** Rows of the page's table: `| GET, POST | /path | why |`. */
const explained = new Map<string, string>(
  [...page.matchAll(/^\| ([A-Z, ]+) \| `(\/[^`]+)` \| (.+) \|$/gm)]
    .flatMap(([, methods, path, why]) => methods!.split(", ").map((method) => [`${method} ${path}`, why!.trim()] as const))
)

describe("docs/contract.md", () => {
  it("names every path of the contract that the front does not answer, with why", () => {
    const missing = operations.filter((one) => !isAnswered(one)).map(nameOf)
    const unnamed = missing.filter((one) => (explained.get(one) ?? "") === "")
    assert.deepStrictEqual(unnamed, [], "add these to docs/contract.md, with why they are missing")
    const stale = [...explained.keys()].filter((one) => !missing.includes(one))
    assert.deepStrictEqual(stale, [], "the front answers these now: take them out of docs/contract.md")
  })
})
