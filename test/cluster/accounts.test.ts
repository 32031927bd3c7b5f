/** `rookery accounts …` beside a server that runs. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { soon } from "./actors.ts"
import { ask, makeToken, startOne } from "./one.ts"
import * as program from "./program.ts"

const setUp = Effect.gen(function*() {
  const env = { DATA_DIR: yield* program.folder }
  const { url } = yield* startOne(env.DATA_DIR)
  return {
    url,
    signUp: (name: string, ...flags: ReadonlyArray<string>) => makeToken(env, name, ...flags),
    accounts: (...args: ReadonlyArray<string>) => program.run("rookery", ["accounts", ...args], env),
    check: (token: string) => Effect.map(ask(`${url}/api/v1/accounts/verify_credentials`, token), ({ status }) => status)
  }
})

describe("accounts", () => {
  it.live("made with --admin administer with their token, and others do not", () =>
    Effect.scoped(Effect.gen(function*() {
      const { accounts, signUp, url } = yield* setUp
      const boss = yield* signUp("boss", "--admin")
      const ada = yield* signUp("ada")
      const administer = (token: string) => Effect.map(ask(`${url}/api/x/admin/accounts`, token), ({ status }) => status)
      assert.strictEqual(yield* administer(boss), 200)
      assert.strictEqual(yield* administer(ada), 403)
      assert.match((yield* accounts("list")).stdout, /^\d+ +boss +admin +0 /m)
    })), 120_000)

  it.live("can be disabled and enabled, as well as suspended and unsuspended", () =>
    Effect.scoped(Effect.gen(function*() {
      const { accounts, check, signUp } = yield* setUp
      const bob = yield* signUp("bob")
      assert.include((yield* accounts("disable", "bob", "--reason", "a test")).stdout, "bob is suspended")
      yield* soon(check(bob), (status) => status === 403)
      assert.match((yield* accounts("list")).stdout, /bob +suspended /)
      assert.include((yield* accounts("suspend", "bob")).stdout, "bob is already suspended")
      assert.include((yield* accounts("enable", "bob")).stdout, "bob is not suspended")
      yield* soon(check(bob), (status) => status === 200)
      assert.match((yield* accounts("--help")).stdout, /suspend, disable [^]*unsuspend, enable /)
    })), 120_000)

  it.live("that are deleted are gone with their posts and tokens, for the server too", () =>
    Effect.scoped(Effect.gen(function*() {
      const { accounts, check, signUp, url } = yield* setUp
      const eve = yield* signUp("eve")
      const bob = yield* signUp("bob")
      const posted = yield* ask(`${url}/api/v1/statuses`, eve, { status: "soon gone" })
      const { id } = posted.body as { readonly id: string }
      const statusOf = (path: string) => Effect.map(ask(url + path, bob), ({ status }) => status)
      assert.strictEqual(yield* statusOf(`/api/v1/statuses/${id}`), 200)
      assert.include((yield* accounts("delete", "eve")).stdout, "deleted eve, posts: 1")
      yield* soon(check(eve), (status) => status === 401)
      yield* soon(statusOf(`/api/v1/statuses/${id}`), (status) => status === 404)
      yield* soon(statusOf("/api/v1/accounts/lookup?acct=eve"), (status) => status === 404)
      assert.strictEqual(yield* check(bob), 200)
      const again = yield* accounts("delete", "eve")
      assert.strictEqual(again.code, 1)
      assert.include(again.output, "there is no account eve")
      assert.notMatch((yield* accounts("list")).stdout, /eve/)
    })), 120_000)
})
