/** Codes are good once, for what they were made for; logins last as long as they should. */
import { assert, layer } from "@effect/vitest"
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { OAuthStore } from "../src/OAuthStore.ts"
import { sweep } from "../src/postgres/sweep.ts"
import * as Database from "./database.ts"

const far = Date.now() + 600_000

let names = 0

const makeApp = Effect.gen(function*() {
  const oauth = yield* OAuthStore
  const clientId = `client ${++names}`
  return yield* oauth.createApp({ clientId, secretHash: "s", name: "app", website: null, redirectUris: ["app:/cb"], scopes: "read" })
})

/** A code for a new program, and the redemption that fits it. */
const makeCode = (account: AccountId, expiresAt = far) =>
  Effect.gen(function*() {
    const oauth = yield* OAuthStore
    const app = yield* makeApp
    const bound = { codeHash: `code ${++names}`, appId: app.id, redirectUri: "app:/cb", challenge: "challenge" }
    yield* oauth.createCode({ ...bound, account, scopes: "read write", expiresAt })
    return { ...bound, tokenHash: `token ${names}`, createdAt: 1_700_000_000_000 }
  })

layer(Database.layer, { excludeTestServices: true })("OAuthStore", (it) => {
  it.effect("gives a token for a code", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      const fits = yield* makeCode(ann.id)
      assert.deepStrictEqual(yield* oauth.redeem(fits), { _tag: "Granted", account: ann.id, scopes: "read write" })
      const { appId, createdAt, tokenHash } = fits
      assert.deepStrictEqual(yield* oauth.token(tokenHash), { tokenHash, appId, account: ann.id, scopes: "read write", createdAt })
    }))

  it.effect("refuses what the code is not bound to, and the code stays good", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      const fits = yield* makeCode(ann.id)
      const other = yield* makeApp
      const wrong = [{ appId: other.id }, { redirectUri: "app:/cb/" }, { challenge: "other" }, { challenge: null }, { codeHash: "none" }]
      for (const part of wrong) assert.deepStrictEqual(yield* oauth.redeem({ ...fits, ...part }), { _tag: "Refused" })
      assert.isUndefined(yield* oauth.token(fits.tokenHash))
      assert.strictEqual((yield* oauth.redeem(fits))._tag, "Granted")
    }))

  it.effect("takes the token back when the code comes again", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      const fits = yield* makeCode(ann.id)
      yield* oauth.redeem(fits)
      const again = { ...fits, tokenHash: `${fits.tokenHash} again` }
      const other = yield* makeApp
      assert.deepStrictEqual(yield* oauth.redeem({ ...again, appId: other.id }), { _tag: "Refused" })
      assert.isDefined(yield* oauth.token(fits.tokenHash))
      assert.deepStrictEqual(yield* oauth.redeem(again), { _tag: "Reused", revoked: [fits.tokenHash] })
      assert.deepStrictEqual([yield* oauth.token(fits.tokenHash), yield* oauth.token(again.tokenHash)], [undefined, undefined])
    }))

  it.effect("gives one token when the code comes many times at once", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      const fits = yield* makeCode(ann.id)
      const all = Array.from({ length: 8 }, (_, n) => oauth.redeem({ ...fits, tokenHash: `${fits.tokenHash}/${n}` }))
      const answers = yield* Effect.all(all, { concurrency: "unbounded" })
      assert.strictEqual(answers.filter((answer) => answer._tag === "Granted").length, 1)
    }))

  it.effect("gives nothing for a late code, nor to a suspended account", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      assert.deepStrictEqual(yield* oauth.redeem(yield* makeCode(ann.id, Date.now() - 1)), { _tag: "Refused" })
      const fits = yield* makeCode(ann.id)
      yield* Database.suspend(ann)
      assert.deepStrictEqual(yield* oauth.redeem(fits), { _tag: "Refused" })
    }))

  it.effect("knows who is logged in until they log out, run out of time, or are suspended", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const ann = yield* Database.account()
      yield* oauth.createLogin("login", ann.id, far)
      yield* oauth.createLogin("late", ann.id, Date.now() - 1)
      assert.deepStrictEqual([yield* oauth.login("login"), yield* oauth.login("late"), yield* oauth.login("none")], [ann.id, undefined, undefined])
      yield* Database.suspend(ann)
      assert.isUndefined(yield* oauth.login("login"))
      yield* Database.suspend(ann, false)
      yield* oauth.endLogin("login")
      assert.isUndefined(yield* oauth.login("login"))
    }))

  it.effect("sweeps logins when they are over, and codes a day after", () =>
    Effect.gen(function*() {
      const oauth = yield* OAuthStore
      const sql = yield* SqlClient.SqlClient
      yield* sql`DELETE FROM oauth_codes`
      yield* sql`DELETE FROM oauth_logins`
      const ann = yield* Database.account()
      yield* makeCode(ann.id, Date.now() - 86_400_000 - 1_000)
      yield* makeCode(ann.id, Date.now() - 86_400_000 + 60_000)
      yield* oauth.createLogin("over", ann.id, Date.now() - 1)
      yield* oauth.createLogin("on", ann.id, far)
      assert.strictEqual((yield* sweep({ notificationDays: 90 })).expired, 2)
      assert.strictEqual(yield* oauth.login("on"), ann.id)
    }))
})
