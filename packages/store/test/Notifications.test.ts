import { assert, layer } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import { kinds, type NotificationKind } from "@rookery/domain/Notification"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { AccountRow } from "../src/AccountStore.ts"
import { AudienceStore } from "../src/AudienceStore.ts"
import { type NotificationFilter, NotificationStore } from "../src/NotificationStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { sweep } from "../src/postgres/sweep.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { attempt, follow, people, post } = Database

const all: NotificationFilter = { kinds, from: undefined, includeFiltered: false }
const seed = Number(process.hrtime.bigint() & 0xffff_ffn)
const newest = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 80 }

const list = (account: AccountRow, filter: Partial<NotificationFilter> = {}) =>
  Effect.flatMap(NotificationStore, (store) => store.page(account.id, { ...all, ...filter }, newest))

/** Kind, sender and object of each, oldest first. */
const told = (account: AccountRow, filter: Partial<NotificationFilter> = {}) =>
  Effect.map(list(account, filter), (rows) => rows.map((row) => `${row.kind} ${row.from} ${row.object ?? 0n}`).reverse())

const like = (by: AccountRow, id: PostId, liked = true) =>
  Effect.flatMap(PostStore, (posts) => posts.setLikes([{ postId: id, account: by.id, liked }]))

const unreblog = (by: AccountRow, id: PostId) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const wrapper = yield* posts.repostBy(by.id, id)
    if (wrapper !== undefined) yield* posts.remove(wrapper)
  })

const edit = (id: PostId, text: string) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const [now] = yield* posts.byIds([id])
    yield* posts.edit(id, now!.version, { text, spoiler: "", sensitive: false, language: null })
  })

const askFor = (reader: AccountRow, author: AccountRow) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    sql`UPDATE follows SET notify = true WHERE follower = ${reader.id} AND followee = ${author.id}`)

layer(Database.layer, { excludeTestServices: true })("notifications", (it) => {
  it.effect("are made by what causes them, once, and go with it", () =>
    Effect.gen(function*() {
      const [ann, bob] = yield* people(2)
      const hers = yield* post(ann!)
      yield* follow(bob!, ann!)
      yield* like(bob!, hers.id)
      yield* like(bob!, hers.id)
      yield* attempt(bob!, { repostOf: hers.id })
      yield* attempt(bob!, { repostOf: hers.id })
      const expected = [`follow ${bob!.id} 0`, `favourite ${bob!.id} ${hers.id}`, `reblog ${bob!.id} ${hers.id}`]
      assert.deepStrictEqual(yield* told(ann!), expected)
      yield* like(ann!, hers.id)
      assert.deepStrictEqual(yield* told(ann!), expected, "nobody is told of what they do themselves")
      yield* unreblog(bob!, hers.id)
      yield* like(bob!, hers.id, false)
      yield* follow(bob!, ann!, false)
      assert.deepStrictEqual(yield* told(ann!), [])
    }))

  it.effect("tell those who reposted of each edit anew, and those who asked of each post", () =>
    Effect.gen(function*() {
      const [ann, bob, cid] = yield* people(3)
      yield* follow(cid!, ann!)
      yield* askFor(cid!, ann!)
      const hers = yield* post(ann!)
      yield* post(ann!, { visibility: "direct" })
      const his = yield* post(bob!)
      yield* post(ann!, { replyTo: his.id })
      const ownReply = yield* post(ann!, { replyTo: hers.id })
      assert.deepStrictEqual(yield* told(cid!), [`status ${ann!.id} ${hers.id}`, `status ${ann!.id} ${ownReply.id}`])
      yield* attempt(bob!, { repostOf: hers.id })
      yield* edit(hers.id, "second")
      const [first] = yield* list(bob!, { kinds: ["update"] })
      yield* edit(hers.id, "third")
      const again = yield* list(bob!, { kinds: ["update"] })
      assert.strictEqual(again.length, 1)
      assert.isTrue(again[0]!.id > first!.id)
    }))

  it.effect("hide with their object, their sender, and when they are dismissed", () =>
    Effect.gen(function*() {
      const store = yield* NotificationStore
      const [ann, bob] = yield* people(2)
      const hers = yield* post(ann!)
      yield* like(bob!, hers.id)
      const [row] = yield* list(ann!)
      assert.isTrue(yield* store.dismiss(ann!.id, row!.id))
      assert.isFalse(yield* store.dismiss(ann!.id, row!.id))
      yield* like(bob!, hers.id)
      assert.deepStrictEqual(yield* told(ann!), [], "a repeat does not bring back what was dismissed")
      yield* like(bob!, hers.id, false)
      yield* like(bob!, hers.id)
      assert.strictEqual((yield* told(ann!)).length, 1)
      yield* Database.suspend(bob!)
      assert.deepStrictEqual(yield* told(ann!), [])
      yield* Database.suspend(bob!, false)
      yield* Effect.flatMap(PostStore, (posts) => posts.remove(hers.id))
      assert.deepStrictEqual(yield* told(ann!), [])
    }))

  it.effect("are forgotten when they are old, with the requests of those who were held back and have sent nothing since", () =>
    Effect.gen(function*() {
      const audience = yield* AudienceStore
      const sql = yield* SqlClient.SqlClient
      const [ann, bob, eve] = yield* people(3)
      yield* audience.setPolicy(ann!.id, { notFollowing: "filter" })
      const hers = yield* Effect.forEach([1, 2], () => post(ann!))
      for (const fan of [bob!, eve!]) yield* like(fan, hers[0]!.id)
      yield* sql`UPDATE notifications SET created_at = now() - interval '91 days' WHERE account = ${ann!.id}`
      yield* sql`UPDATE notification_requests SET updated_at = now() - interval '91 days' WHERE account = ${ann!.id} AND from_account = ${bob!.id}`
      yield* like(eve!, hers[1]!.id)
      assert.strictEqual((yield* sweep({ notificationDays: 92 })).notifications, 0)
      assert.strictEqual((yield* sweep({ notificationDays: 90 })).notifications, 2)
      const requests = yield* audience.requests(ann!.id, { maxId: undefined, sinceId: 0n, minId: 0n, limit: 10 })
      assert.deepStrictEqual(requests.map(({ from, notifications }) => [from, notifications]), [[eve!.id, 1]])
    }))

  it.effect("follow the policy: held back and accepted later, or never made", () =>
    Effect.gen(function*() {
      const audience = yield* AudienceStore
      const [ann, bob, cid] = yield* people(3)
      const hers = yield* post(ann!)
      yield* audience.setPolicy(ann!.id, { notFollowing: "filter" })
      yield* like(bob!, hers.id)
      yield* like(cid!, hers.id)
      assert.deepStrictEqual(yield* told(ann!), [])
      const summary = yield* audience.policy(ann!.id)
      assert.deepInclude(summary, { notFollowing: "filter", newAccounts: "accept", pendingRequests: 2, pendingNotifications: 2 })
      const [second, first] = yield* audience.requests(ann!.id, newest)
      assert.deepInclude(first, { from: bob!.id, notifications: 1, lastPost: hers.id })
      assert.strictEqual(yield* audience.acceptRequests(ann!.id, [first!.id]), 1)
      assert.strictEqual(yield* audience.dismissRequests(ann!.id, [second!.id]), 1)
      assert.deepStrictEqual(yield* told(ann!), [`favourite ${bob!.id} ${hers.id}`])
      yield* attempt(bob!, { repostOf: hers.id })
      assert.strictEqual((yield* told(ann!)).length, 2, "an accepted sender is let through")
      yield* audience.setPolicy(ann!.id, { notFollowing: "drop" })
      yield* attempt(cid!, { repostOf: hers.id })
      assert.strictEqual((yield* told(ann!, { includeFiltered: true })).length, 2)
    }))

  it.effect("leave one outbox row for each person told by a statement, claimable at once", () =>
    Effect.gen(function*() {
      const posts = yield* PostStore
      const outbox = yield* OutboxStore
      yield* outbox.claimNotices(10_000, 60_000)
      const [ann, bob, cid] = yield* people(3)
      const hers = yield* post(ann!)
      yield* posts.setLikes([bob!, cid!].map(({ id }) => ({ postId: hers.id, account: id, liked: true })))
      const rows = yield* outbox.claimNotices(10_000, 60_000)
      assert.strictEqual(rows.length, 1)
      const ids = (yield* list(ann!)).map((row) => row.id).reverse()
      assert.strictEqual(rows[0]!.owner, ann!.id)
      assert.deepStrictEqual(rows[0]!.task, { _tag: "Notify", accountNo: ann!.no, shard: 1, ids })
    }))

  it.effect("show likes and reposts of one post as one group, over pages", () =>
    Effect.gen(function*() {
      const store = yield* NotificationStore
      const [ann, ...fans] = yield* people(13)
      const one = yield* post(ann!)
      const two = yield* post(ann!)
      for (const fan of fans) yield* like(fan, one.id)
      yield* attempt(fans[0]!, { repostOf: two.id })
      for (const fan of fans.slice(0, 2)) yield* like(fan, two.id)
      const grouped: ReadonlyArray<NotificationKind> = ["favourite", "reblog"]
      const groups = yield* store.groups(ann!.id, all, newest, grouped)
      assert.deepStrictEqual(groups.map((group) => [group.kind, group.object, group.count, group.sample.length]), [
        ["favourite", two.id, 2, 2],
        ["reblog", two.id, 1, 1],
        ["favourite", one.id, 12, 8]
      ])
      const [first] = yield* store.groups(ann!.id, all, { ...newest, limit: 1 }, grouped)
      const rest = yield* store.groups(ann!.id, all, { ...newest, maxId: first!.pageMinId }, grouped)
      assert.deepStrictEqual(rest.map((group) => group.groupKey), groups.map((group) => group.groupKey))
      assert.isTrue(rest[0]!.pageMaxId < first!.pageMinId, "what is left of a group comes on the next page")
      const alone = yield* store.groups(ann!.id, all, newest, [])
      assert.strictEqual(alone.length, 15)
      const { count, groupKey, newestId, sample } = groups[2]!
      assert.deepInclude(yield* store.group(ann!.id, groupKey), { count, groupKey, newestId, sample, pageMaxId: newestId })
      assert.strictEqual((yield* store.groupAccounts(ann!.id, groups[2]!.groupKey, 80)).length, 12)
      assert.strictEqual(yield* store.unreadGroups(ann!.id, all, grouped, 100), 3)
      assert.strictEqual(yield* store.unread(ann!.id, all, 100), 15)
      yield* Effect.flatMap(AudienceStore, (audience) =>
        audience.setMarkers(ann!.id, [{ timeline: "notifications", lastReadId: first!.pageMinId - 1n }]))
      assert.strictEqual(yield* store.unread(ann!.id, all, 100), 1)
      assert.isTrue(yield* store.dismissGroup(ann!.id, groups[2]!.groupKey))
      assert.strictEqual((yield* list(ann!)).length, 3)
    }))

  it.effect(`stand for what is so after random likes, follows, reposts and their undoing (seed ${seed})`, () =>
    Effect.gen(function*() {
      const random = Seeded.make(seed)
      const crowd = yield* people(5)
      const posts = yield* Effect.forEach(crowd, (author) => Effect.map(post(author), ({ id }) => ({ id, author })))
      const stands = new Map<string, Set<string>>(crowd.map((person) => [String(person.id), new Set()]))
      const note = (on: boolean, who: AccountRow, what: string) => {
        if (on) stands.get(String(who.id))!.add(what)
        else stands.get(String(who.id))!.delete(what)
      }
      for (let step = 0; step < 150; step++) {
        const [by, on] = [random.pick(crowd), random.chance(0.6)]
        const { author, id } = random.pick(posts)
        if (by === author) continue
        const act = random.pick(["favourite", "follow", "reblog"] as const)
        if (act === "favourite") yield* like(by, id, on)
        else if (act === "follow") yield* follow(by, author, on)
        else yield* on ? attempt(by, { repostOf: id }) : unreblog(by, id)
        note(on, author, `${act} ${by.id} ${act === "follow" ? 0n : id}`)
      }
      for (const person of crowd) {
        assert.deepStrictEqual((yield* told(person)).toSorted((a, b) => a < b ? -1 : 1), [...stands.get(String(person.id))!].toSorted((a, b) => a < b ? -1 : 1))
      }
    }), 60_000)

  it.effect("are one each when many do the same at once", () =>
    Effect.gen(function*() {
      const [ann, bob] = yield* people(2)
      const hers = yield* post(ann!)
      const turns = Array.from({ length: 12 }, (_, i) => i)
      yield* Effect.forEach(turns, (i) => like(bob!, hers.id, i % 3 !== 2), { concurrency: "unbounded", discard: true })
      yield* Effect.forEach(turns, () => like(bob!, hers.id), { concurrency: "unbounded", discard: true })
      assert.deepStrictEqual(yield* told(ann!), [`favourite ${bob!.id} ${hers.id}`])
    }))

  it.effect("move markers up only, with a version", () =>
    Effect.gen(function*() {
      const audience = yield* AudienceStore
      const [ann] = yield* people(1)
      const set = (lastReadId: bigint) => audience.setMarkers(ann!.id, [{ timeline: "home", lastReadId }])
      assert.deepInclude((yield* set(5n))[0], { lastReadId: 5n, version: 1 })
      assert.deepInclude((yield* set(9n))[0], { lastReadId: 9n, version: 2 })
      assert.deepInclude((yield* set(7n))[0], { lastReadId: 9n, version: 2 })
      assert.strictEqual((yield* audience.markers(ann!.id, ["home", "notifications"])).length, 1)
    }))
})
