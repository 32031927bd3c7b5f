import { assert, layer } from "@effect/vitest"
import type { AccountId } from "@rookery/domain/Ids"
import * as Moderation from "@rookery/domain/Moderation"
import { Effect } from "effect"
import { AccountStore } from "../src/AccountStore.ts"
import { ModerationStore, type NewReport } from "../src/ModerationStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { people, post } = Database

const newest = { before: undefined, after: undefined, limit: 40 }
const open = { resolved: false, target: undefined, reporter: undefined }

/** Tasks of an owner's outbox rows that nobody holds. */
const tasksOf = (owner: AccountId) =>
  Effect.flatMap(OutboxStore, (outbox) =>
    Effect.map(outbox.claim(10_000, 0), (rows) => rows.filter((row) => row.owner === owner).map((row) => row.task._tag)))

layer(Database.layer, { excludeTestServices: true })("ModerationStore", (it) => {
  it.effect("suspends once, with its entry in the log and a row by which fronts are told", () =>
    Effect.gen(function*() {
      const store = yield* ModerationStore
      const accounts = yield* AccountStore
      const [ann, mod] = yield* people(2)
      const set = (suspended: boolean, reason: string) => store.setSuspended(ann!.id, suspended, { by: mod!.id, reason })
      assert.strictEqual(yield* store.setSuspended(3n as AccountId, true, { by: null, reason: "" }), "NotFound")
      assert.deepStrictEqual([yield* set(false, "no"), yield* set(true, "one"), yield* set(true, "two")], ["Same", "Changed", "Same"])
      const [suspended] = yield* accounts.byIds([ann!.id])
      assert.isNumber(suspended!.disabledAt)
      assert.deepStrictEqual(yield* tasksOf(ann!.id), ["Account"])
      assert.strictEqual(yield* set(false, "three"), "Changed")
      assert.isNull((yield* accounts.byIds([ann!.id]))[0]!.disabledAt)
      const log = yield* store.log(ann!.id, newest)
      assert.deepStrictEqual(log.map(({ action, by, reason }) => [action, by, reason]), [["unsuspend", mod!.id, "three"], ["suspend", mod!.id, "one"]])
    }))

  it.effect("logs the posts that moderators delete, and not those that their authors do", () =>
    Effect.gen(function*() {
      const store = yield* ModerationStore
      const posts = yield* PostStore
      const [ann] = yield* people(1)
      const [one, two] = [yield* post(ann!), yield* post(ann!)]
      yield* posts.remove(one.id)
      yield* posts.remove(two.id, { by: null, reason: "spam" })
      assert.isUndefined(yield* posts.remove(two.id, { by: null, reason: "again" }))
      const log = yield* store.log(ann!.id, newest)
      assert.deepStrictEqual(log.map((entry) => [entry.action, entry.post, entry.by, entry.reason]), [["delete_post", two.id, null, "spam"]])
    }))

  it.effect("keeps reports in pages, open or resolved, as many of one person as may be open", () =>
    Effect.gen(function*() {
      const store = yield* ModerationStore
      const [ann, bob, mod] = yield* people(3)
      const input: NewReport = { reporter: ann!.id, target: bob!.id, category: "legal", comment: "a\u0000b", posts: [] }
      const first = (yield* store.report(input))!
      assert.deepInclude(first, { category: "legal", comment: "ab", resolvedAt: null })
      for (let i = 1; i < Moderation.openReportsMax; i++) yield* store.report(input)
      assert.isUndefined(yield* store.report(input))
      yield* store.setResolved(first.id, true, { by: mod!.id, reason: "" })
      assert.isDefined(yield* store.report(input))
      const of = (resolved: boolean, query: object) => store.reports({ ...open, resolved, target: bob!.id }, { ...newest, ...query })
      assert.deepStrictEqual((yield* of(true, {})).map(({ id, resolvedBy }) => [id, resolvedBy]), [[first.id, mod!.id]])
      const all = yield* of(false, { limit: 1_000 })
      assert.strictEqual(all.length, Moderation.openReportsMax)
      const middle = all[40]!.id
      assert.deepStrictEqual(yield* of(false, { before: middle, limit: 5 }), all.slice(41, 46))
      assert.deepStrictEqual(yield* of(false, { after: middle, limit: 5 }), all.slice(35, 40))
      assert.deepInclude(yield* store.account(bob!.id), { openReports: Moderation.openReportsMax })
    }))

  it.effect("keeps a report when whoever made it is gone, and not when whom it is about is", () =>
    Effect.gen(function*() {
      const store = yield* ModerationStore
      const accounts = yield* AccountStore
      const [ann, bob] = yield* people(2)
      const { id } = (yield* store.report({ reporter: ann!.id, target: bob!.id, category: "other", comment: "", posts: [] }))!
      yield* accounts.remove(ann!.id)
      assert.deepInclude(yield* store.reportById(id), { reporter: null })
      yield* accounts.remove(bob!.id)
      assert.isUndefined(yield* store.reportById(id))
    }))

  it.effect("leaves a row for whoever waits when an account is unlocked, once", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const [ann] = yield* people(1)
      yield* accounts.update(ann!.id, { locked: true })
      assert.deepStrictEqual(yield* tasksOf(ann!.id), [])
      yield* accounts.update(ann!.id, { locked: false })
      yield* accounts.update(ann!.id, { locked: false, note: "open" })
      assert.deepStrictEqual(yield* tasksOf(ann!.id), ["Unlocked"])
    }))
})
