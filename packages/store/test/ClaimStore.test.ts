/** A name has one account, through crashes between its steps; no clock decides who has it. */
import { assert, layer } from "@effect/vitest"
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { AccountStore, type NewAccount } from "../src/AccountStore.ts"
import { type Claim, ClaimStore } from "../src/ClaimStore.ts"
import * as Database from "./database.ts"

const minute = 60_000

const claimOf = (key: string, home = 0): Claim => ({ key, account: Database.newId() as AccountId, home })

const accountOf = (claim: Claim, email: string | null = null): NewAccount => ({
  id: claim.account,
  shard: 1,
  username: claim.key,
  email,
  passwordHash: null,
  admin: false
})

layer(Database.layer, { excludeTestServices: true })("ClaimStore", (it) => {
  it.effect("gives a name to one of those who want it at once", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const wanting = Array.from({ length: 8 }, (_, home) => claimOf("wanted", home))
      const answers = yield* Effect.forEach(wanting, (claim) => Effect.map(claims.reserve([claim], minute), ([answer]) => answer!), { concurrency: "unbounded" })
      assert.deepStrictEqual(answers.map(({ _tag }) => _tag).sort(), ["Reserved", ...Array.from({ length: 7 }, () => "Taken")])
      const winner = wanting[answers.findIndex(({ _tag }) => _tag === "Reserved")]!
      assert.deepStrictEqual(yield* claims.reserve([winner], minute), [{ _tag: "Reserved" }])
    }))

  it.effect("keeps what is held, and frees what is released by whoever has it", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const one: Claim = { ...claimOf("held"), account: (yield* Database.account("renamed")).id }
      const other = claimOf("held", 1)
      yield* claims.reserve([one], -minute)
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Overdue", by: one }])
      yield* claims.confirm([one])
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Taken" }])
      yield* claims.release([other])
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Taken" }])
      yield* claims.release([one])
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Reserved" }])
    }))

  it.effect("wants the home asked after a holder that is not known", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const [gone, other] = [claimOf("gone", 2), claimOf("gone", 1)]
      yield* claims.reserve([gone], minute)
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Taken" }])
      yield* claims.confirm([gone])
      assert.deepStrictEqual(yield* claims.reserve([other], minute), [{ _tag: "Overdue", by: gone }])
    }))

  it.effect("refuses the name of an account that is known, claimed or not", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      yield* Database.account("Known")
      assert.deepStrictEqual(yield* claims.reserve([claimOf("known")], minute), [{ _tag: "Taken" }])
    }))

  it.effect("an account that was given up is never created", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const claim = claimOf("given_up")
      assert.deepStrictEqual(yield* claims.begin([{ id: claim.account, username: "Given_Up" }]), ["given_up"])
      assert.deepStrictEqual(yield* claims.existsOrNever([claim]), [false])
      assert.strictEqual(yield* claims.create(accountOf(claim)), "Abandoned")
      assert.isUndefined(yield* (yield* AccountStore).byUsername("given_up"))
    }))

  it.effect("an account that was created is found, and not given up", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const claim = claimOf("created")
      yield* claims.begin([{ id: claim.account, username: "created" }])
      const made = yield* claims.create(accountOf(claim))
      assert.strictEqual(typeof made === "string" ? made : made.id, claim.account)
      assert.deepStrictEqual(yield* claims.existsOrNever([claim]), [true])
      assert.strictEqual(yield* claims.create(accountOf(claim)), "Abandoned", "it is created once")
    }))

  it.effect("an account whose e-mail address is taken can still be given up", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      const [one, other] = [claimOf("first"), claimOf("second")]
      for (const claim of [one, other]) yield* claims.begin([{ id: claim.account, username: claim.key }])
      yield* claims.create(accountOf(one, "same@example.org"))
      assert.strictEqual(yield* claims.create(accountOf(other, "same@example.org")), "email")
      assert.deepStrictEqual(yield* claims.existsOrNever([other]), [false])
      assert.strictEqual(yield* claims.create(accountOf(other)), "Abandoned")
    }))

  it.effect("creating and giving up at once end in one of both, told alike", () =>
    Effect.gen(function*() {
      const claims = yield* ClaimStore
      for (let round = 0; round < 20; round++) {
        const claim = claimOf(`race_${round}`)
        yield* claims.begin([{ id: claim.account, username: claim.key }])
        const [made, [exists]] = yield* Effect.all(
          [claims.create(accountOf(claim)), claims.existsOrNever([claim])],
          { concurrency: "unbounded" }
        )
        assert.strictEqual(exists, made !== "Abandoned", `round ${round}`)
      }
    }))
})
