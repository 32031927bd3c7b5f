/** The one-process program, and what people and operators do with it. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import * as program from "./program.ts"

/** Starts it on a folder with a database of its own, and says where it is. */
export const startOne = Effect.fnUntraced(function*(dataDir: string) {
  const one = yield* program.start("one", [], { DATA_DIR: dataDir, PORT: "0" })
  const [, url] = yield* one.says(/is running at (http:\S+)/, 120_000)
  return { one, url: url! }
})

/** GET, or POST with a form; the answer must be JSON. */
export const ask = (url: string, token: string, body?: Record<string, string>) =>
  Effect.promise(async () => {
    const response = await fetch(url, {
      ...(body === undefined ? {} : { method: "POST", body: new URLSearchParams(body) }),
      headers: { authorization: `Bearer ${token}` }
    })
    return { status: response.status, body: await response.json() }
  })

/** Makes an account at the terminal, with further flags, and answers a token of it. `env` says which database is meant. */
export const makeToken = Effect.fnUntraced(function*(env: Readonly<Record<string, string>>, name: string, ...flags: ReadonlyArray<string>) {
  const person = ["--email", `${name}@example.org`, "--password", "correct-horse", ...flags]
  const created = yield* program.run("rookery", ["accounts", "create", name, ...person], env)
  assert.strictEqual(created.code, 0, created.output)
  return (yield* program.run("rookery", ["accounts", "token", name], env)).stdout.trim()
})
