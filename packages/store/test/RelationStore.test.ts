import { assert, layer } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type AccountRow, AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { FollowStore } from "../src/FollowStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { sweep } from "../src/postgres/sweep.ts"
import { type RelationChange, type RelationList, RelationStore, shunBits } from "../src/RelationStore.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import * as Database from "./database.ts"

const { attempt, follow, people, post } = Database

const change = (account: AccountRow, other: AccountRow, what: RelationChange) =>
  Effect.gen(function*() {
    const relations = yield* RelationStore
    const reader = yield* (yield* FollowStore).reader(account.id)
    return yield* relations.change({
      account: account.id,
      other: other.id,
      change: what,
      followVersion: reader!.followVersion,
      claimMillis: 60_000
    })
  })

const block = (account: AccountRow, other: AccountRow, blocked = true) => change(account, other, { _tag: "Block", blocked })
const mute = (account: AccountRow, other: AccountRow, millis: number | null = null) =>
  change(account, other, { _tag: "Mute", notifications: true, millis })

const relation = (viewer: AccountRow, other: AccountRow) =>
  Effect.gen(function*() {
    const [row] = yield* (yield* RelationStore).between(viewer.id, [other.id])
    return row!
  })

const lock = (account: AccountRow) => Effect.flatMap(AccountStore, (accounts) => accounts.update(account.id, { locked: true }))

const listOf = (list: RelationList, account: AccountRow, limit = 10, before?: bigint) =>
  Effect.gen(function*() {
    const page = yield* (yield* RelationStore).list(list, account.id, { before, after: undefined, limit })
    return page.accounts
  })

layer(Database.layer, { excludeTestServices: true })("RelationStore", (it) => {
  it.effect("a block ends both follows with their counters, sequences and outbox rows, and raises both versions once", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const authors = yield* AuthorStore
      const follows = yield* FollowStore
      const [ann, bob] = yield* people(2)
      yield* follow(ann!, bob!)
      yield* follow(bob!, ann!)
      const result = yield* block(ann!, bob!)
      if (result._tag !== "Changed") return assert.fail(result._tag)
      assert.strictEqual(result.edges.length, 2)
      for (const { edge, outboxId } of result.edges) {
        assert.isFalse(edge.active)
        assert.deepStrictEqual((yield* outbox.take([outboxId], 1_000))[0]?.task, { _tag: "Edge", edge })
      }
      for (const one of [ann!, bob!]) {
        const row = yield* authors.load(one.id)
        assert.deepStrictEqual([row?.followers, row?.edgeSequence], [0, 2])
        assert.strictEqual((yield* follows.reader(one.id))?.followVersion, 3)
        const window = result.windows.find((change) => change.reader === one.id)
        assert.deepInclude(window, { followVersion: 3, following: false, hidden: true, hiddenMillis: null })
      }
      assert.deepStrictEqual((yield* outbox.take([result.outboxId], 1_000))[0]?.task, { _tag: "Relation", windows: result.windows })
      assert.strictEqual((yield* block(ann!, bob!))._tag, "Same")
    }))

  it.effect("nobody follows or asks across a block, in either direction, until it ends", () =>
    Effect.gen(function*() {
      const [ann, bob] = yield* people(2)
      yield* lock(ann!)
      yield* block(ann!, bob!)
      assert.strictEqual((yield* follow(bob!, ann!))._tag, "Blocked")
      assert.strictEqual((yield* follow(ann!, bob!))._tag, "Blocked")
      assert.deepInclude(yield* relation(bob!, ann!), { blockedBy: true, blocking: false, requested: false })
      yield* block(ann!, bob!, false)
      assert.strictEqual((yield* follow(bob!, ann!))._tag, "Requested")
      assert.strictEqual((yield* follow(ann!, bob!))._tag, "Changed")
    }))

  it.effect("a block that meets a follow leaves no edge behind, however they interleave", () =>
    Effect.gen(function*() {
      const pairs = Array.from({ length: 12 }, () => people(2))
      const blocked = yield* Effect.forEach(pairs, (pair) =>
        Effect.gen(function*() {
          const [ann, bob] = yield* pair
          const results = yield* Effect.all([block(ann!, bob!), follow(bob!, ann!)], { concurrency: "unbounded" })
          if (results[0]._tag === "Stale") yield* block(ann!, bob!)
          return yield* relation(bob!, ann!)
        }), { concurrency: 6 })
      for (const row of blocked) assert.deepInclude(row, { following: false, blockedBy: true })
    }))

  it.effect("a mute keeps the follow, can be changed, and is over when its time is", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const [ann, bob] = yield* people(2)
      yield* follow(ann!, bob!)
      const muted = yield* mute(ann!, bob!, 60_000)
      if (muted._tag !== "Changed") return assert.fail(muted._tag)
      const [window] = muted.windows
      assert.deepInclude(window, { reader: ann!.id, following: true, hidden: true, followVersion: 3 })
      assert.isTrue(window!.hiddenMillis! > 50_000 && window!.hiddenMillis! <= 60_000)
      assert.strictEqual(muted.windows.length, 1)
      assert.deepInclude(yield* relation(ann!, bob!), { following: true, muting: true, mutingNotifications: true })
      assert.deepStrictEqual((yield* listOf("mutes", ann!)).map((row) => row.id), [bob!.id])
      yield* sql`UPDATE mutes SET expires_at = now() - interval '1 second' WHERE account = ${ann!.id}`
      assert.deepInclude(yield* relation(ann!, bob!), { muting: false, mutingNotifications: false, mutingUntil: null })
      assert.deepStrictEqual(yield* listOf("mutes", ann!), [])
      assert.strictEqual((yield* sweep({ notificationDays: 90 })).mutes, 1)
      yield* change(ann!, bob!, { _tag: "Mute", notifications: false, millis: null })
      assert.deepInclude(yield* relation(ann!, bob!), { muting: true, mutingNotifications: false, mutingUntil: null })
      assert.strictEqual((yield* change(ann!, bob!, { _tag: "Unmute" }))._tag, "Changed")
      assert.strictEqual((yield* change(ann!, bob!, { _tag: "Unmute" }))._tag, "Same")
    }))

  it.effect("a request waits for its answer; accepted it becomes the follow with its flags, rejected nothing", () =>
    Effect.gen(function*() {
      const follows = yield* FollowStore
      const relations = yield* RelationStore
      const [ann, bob, eve] = yield* people(3)
      yield* lock(ann!)
      const ask = (by: AccountRow) =>
        follows.set({ follower: by.id, followee: ann!.id, following: true, followVersion: 1, claimMillis: 1_000, flags: { reblogs: false } })
      assert.strictEqual((yield* ask(bob!))._tag, "Requested")
      assert.strictEqual((yield* ask(eve!))._tag, "Requested")
      assert.deepInclude(yield* relation(ann!, bob!), { requestedBy: true, followedBy: false })
      assert.strictEqual(yield* relations.requestCount(ann!.id), 2)
      const [newest] = yield* listOf("follow_requests", ann!, 1)
      assert.strictEqual(newest!.id, eve!.id)
      assert.deepStrictEqual((yield* listOf("follow_requests", ann!, 9, newest!.cursor)).map((row) => row.id), [bob!.id])
      const accepted = yield* change(ann!, bob!, { _tag: "Answer", accepted: true })
      assert.isTrue(accepted._tag === "Changed" && accepted.edges.length === 1 && accepted.windows[0]!.following)
      assert.deepInclude(yield* relation(bob!, ann!), { following: true, reblogs: false, requested: false })
      assert.strictEqual((yield* change(ann!, eve!, { _tag: "Answer", accepted: false }))._tag, "Changed")
      assert.deepInclude(yield* relation(eve!, ann!), { following: false, requested: false })
      assert.strictEqual((yield* change(ann!, eve!, { _tag: "Answer", accepted: true }))._tag, "NotFound")
      assert.strictEqual((yield* change(ann!, bob!, { _tag: "RemoveFollower" }))._tag, "Changed")
      assert.strictEqual((yield* change(ann!, bob!, { _tag: "RemoveFollower" }))._tag, "Same")
      assert.deepInclude(yield* relation(ann!, bob!), { followedBy: false })
    }))

  it.effect("refuses a stale version and people who are not there", () =>
    Effect.gen(function*() {
      const relations = yield* RelationStore
      const [ann, bob] = yield* people(2)
      const input = { account: ann!.id, other: bob!.id, change: { _tag: "Unmute" }, followVersion: 1, claimMillis: 1_000 } as const
      assert.strictEqual((yield* relations.change({ ...input, followVersion: 9 }))._tag, "Stale")
      assert.strictEqual((yield* relations.change({ ...input, other: 3n as AccountId }))._tag, "NotFound")
      assert.strictEqual((yield* relations.change({ ...input, other: ann!.id }))._tag, "NotFound")
    }))

  it.effect("says whom a viewer shuns and why, of a viewer or of some people", () =>
    Effect.gen(function*() {
      const relations = yield* RelationStore
      const [ann, bob, cat, dan, eve] = yield* people(5)
      yield* block(ann!, bob!)
      yield* block(cat!, ann!)
      yield* mute(ann!, cat!)
      yield* (yield* FollowStore).set({
        follower: ann!.id, followee: dan!.id, following: true, followVersion: 4, claimMillis: 1_000, flags: { reblogs: false }
      })
      const rows = yield* relations.shunned([ann!.id, eve!.id])
      const expected: ReadonlyArray<readonly [number, number]> = [
        [bob!.no, shunBits.blocking],
        [cat!.no, shunBits.blockedBy | shunBits.muting],
        [dan!.no, shunBits.withoutReposts]
      ]
      assert.deepStrictEqual(rows.map((row) => [row.viewer, row.whole]), [[ann!.id, true]])
      assert.sameDeepMembers([...rows[0]!.others], [...expected])
      assert.deepStrictEqual(yield* relations.among(ann!.id, [bob!.no, eve!.no]), [[bob!.no, shunBits.blocking]])
    }))

  it.effect("windows and pages of the database leave out who is muted, and windows name who is hidden", () =>
    Effect.gen(function*() {
      const timelines = yield* TimelineStore
      const [ann, bob, cat] = yield* people(3)
      yield* follow(ann!, bob!)
      yield* follow(ann!, cat!)
      const kept = yield* post(bob!)
      yield* post(cat!)
      yield* mute(ann!, cat!, 60_000)
      yield* block(ann!, (yield* people(1))[0]!)
      const [window] = yield* timelines.loadWindows([{ reader: ann!.id, since: 0n }], 10, 10)
      assert.deepStrictEqual(EntryBytes.entriesOf(window!.entries).map((entry) => entry.id), [kept.id])
      assert.deepStrictEqual([...window!.hidden], [cat!.no, window!.hidden[1]!])
      assert.isTrue(window!.followees.includes(cat!.no) && window!.hiddenMillis! > 50_000)
      const page = yield* timelines.homePage(ann!.id, { maxId: undefined, sinceId: 0n, minId: 0n, limit: 10 })
      assert.deepStrictEqual(page.map((entry) => entry.id), [kept.id])
    }))

  it.effect("nothing is answered, reposted or liked across a block, in either direction, by the statements themselves", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const [ann, bob, eve] = yield* people(3)
      const theirs = yield* post(bob!)
      const others = yield* post(eve!)
      yield* block(ann!, bob!)
      yield* block(eve!, ann!)
      for (const id of [theirs.id, others.id]) {
        assert.strictEqual((yield* attempt(ann!, { replyTo: id }))._tag, "NotFound")
        assert.strictEqual((yield* attempt(ann!, { repostOf: id }))._tag, "NotFound")
        assert.strictEqual((yield* posts.setLikes([{ postId: id, account: ann!.id, liked: true }])).get(id), 0)
      }
      yield* block(ann!, bob!, false)
      assert.strictEqual((yield* attempt(ann!, { replyTo: theirs.id }))._tag, "Published")
      assert.strictEqual((yield* posts.setLikes([{ postId: theirs.id, account: ann!.id, liked: true }])).get(theirs.id), 1)
      // A like from before the block can still be taken back.
      yield* block(bob!, ann!)
      assert.strictEqual((yield* posts.setLikes([{ postId: theirs.id, account: ann!.id, liked: false }])).get(theirs.id), 0)
    }))

  it.effect("keeps notes, endorsements of those one follows, and who is familiar", () =>
    Effect.gen(function*() {
      const relations = yield* RelationStore
      const [ann, bob, cat] = yield* people(3)
      yield* relations.setNote(ann!.id, bob!.id, "met at the fair")
      assert.strictEqual((yield* relation(ann!, bob!)).note, "met at the fair")
      yield* relations.setNote(ann!.id, bob!.id, "")
      assert.strictEqual((yield* relation(ann!, bob!)).note, "")
      assert.isFalse(yield* relations.setEndorsed(ann!.id, bob!.id, true))
      yield* follow(ann!, bob!)
      yield* follow(bob!, cat!)
      assert.isTrue(yield* relations.setEndorsed(ann!.id, bob!.id, true))
      assert.isTrue((yield* relation(ann!, bob!)).endorsed)
      assert.deepStrictEqual(yield* relations.familiar(ann!.id, [cat!.id, bob!.id], 5), new Map([[cat!.id, [bob!.id]], [bob!.id, []]]))
    }))
})
