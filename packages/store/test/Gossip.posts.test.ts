import { assert, describe, it } from "@effect/vitest"
import type { PostFact } from "@rookery/domain/GossipFact"
import type { PostId } from "@rookery/domain/Ids"
import { Effect, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { arrivalKinds, ArrivalStore } from "../src/ArrivalStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { ConversationStore } from "../src/ConversationStore.ts"
import { GossipStore } from "../src/GossipStore.ts"
import { NotificationStore } from "../src/NotificationStore.ts"
import { kinds } from "@rookery/domain/Notification"
import { OutboxStore } from "../src/OutboxStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import * as World from "./gossipWorld.ts"

const { account, apply, flow, follow, post, take, world } = World

const tasksOf = ({ run }: World.Datacenter) =>
  run(Effect.map(Effect.flatMap(OutboxStore, (outbox) => outbox.claim(500, 60_000)), (rows) => rows.map((row) => row.task)))

const postOf = ({ run }: World.Datacenter, id: PostId) =>
  run(Effect.map(Effect.flatMap(PostStore, (posts) => posts.byIds([id])), ([found]) => found))

const noticesOf = ({ run }: World.Datacenter, who: { readonly id: Parameters<typeof World.seen>[1]["id"] }) =>
  run(Effect.gen(function*() {
    const notifications = yield* NotificationStore
    const page = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 40 }
    const rows = yield* notifications.page(who.id, { kinds, from: undefined, includeFiltered: true }, page)
    return rows.map((row) => `${row.kind} ${row.object ?? ""}`.trim())
  }))

describe("gossip of posts", () => {
  it.live("is nothing at all in a database that knows of no other datacenter", () =>
    Effect.scoped(Effect.gen(function*() {
      const Database = yield* Effect.promise(() => import("./database.ts"))
      const rows = yield* Effect.provide(
        Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          const [ann, bob] = yield* Database.people(2)
          yield* Database.follow(ann!, bob!)
          yield* Database.post(bob!)
          const triggers = yield* sql`SELECT 1 FROM pg_trigger WHERE tgname LIKE 'gossip%'`
          const told = yield* sql`SELECT 1 FROM gossip_outbox UNION ALL SELECT 1 FROM gossip_marks`
          return [triggers.length, told.length]
        }),
        Database.layer
      )
      assert.deepStrictEqual(rows, [0, 0])
    })))

  it.live("what comes long after it was made reaches open streams all the same, once", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const bob = yield* account(south!, "bob")
      yield* flow([north!, south!])
      yield* follow(south!, bob, yield* World.seen(south!, ann))
      yield* flow([north!, south!])
      const hour = 3_600_000
      const from = yield* south!.run(Effect.flatMap(ArrivalStore, (arrivals) => arrivals.now))
      const late = yield* post(north!, ann, {}, World.idOf(0, Date.now() - hour) as PostId)
      const hidden = yield* post(north!, ann, { visibility: "direct" }, World.idOf(0, Date.now() - hour) as PostId)
      const young = yield* post(north!, ann)
      yield* flow([north!, south!])
      const heard = (since: typeof from) =>
        south!.run(Effect.gen(function*() {
          const page = yield* (yield* ArrivalStore).after(bob.id, since, 100)
          return page!.arrivals.filter(({ kind }) => kind === arrivalKinds.update).map(({ id }) => id)
        }))
      const both = yield* Effect.repeat(heard(from), { until: (ids) => ids.length >= 2, schedule: Schedule.upTo(Schedule.spaced(20), { duration: 20_000 }) })
      assert.sameMembers(both, [late.id, young.id])
      // Who reads from before it was made finds it once, too.
      assert.sameMembers(yield* heard({ ...from, millis: from.millis - 2 * hour }), [late.id, young.id])
      assert.notInclude(both, hidden.id)
    })))

  it.live("an announced post is a row without text, in the timelines of those who follow, with one row of fan-out", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const cat = yield* account(north!, "cat")
      const bob = yield* account(south!, "bob")
      yield* flow([north!, south!])
      const shadow = yield* World.seen(south!, ann)
      assert.deepInclude(shadow, { username: "ann", remote: true, shard: 7, disabledAt: null })
      assert.strictEqual((yield* follow(south!, bob, shadow))._tag, "Changed")
      yield* flow([north!, south!])
      yield* tasksOf(south!)
      const root = yield* post(north!, ann, { text: "far" })
      const reply = yield* post(north!, cat, { text: "answer", replyTo: root.id })
      yield* flow([north!, south!])
      assert.deepInclude(yield* postOf(south!, root.id), { absent: true, text: "", version: 1, author: ann.id, authorNo: shadow.no })
      assert.deepInclude(yield* postOf(south!, reply.id), { replyTo: root.id, replyToAuthor: ann.id })
      const tasks = yield* tasksOf(south!)
      assert.deepStrictEqual(tasks, [{ _tag: "Fanout", postId: root.id, replyTo: null, repostOf: null, visibility: 0 }])
      const page = yield* south!.run(Effect.flatMap(TimelineStore, (timelines) =>
        timelines.homePage(bob.id, { maxId: undefined, sinceId: 0n, minId: 0n, limit: 20 })))
      assert.deepStrictEqual(page.map((entry) => entry.id), [root.id])
      const [northSide, southSide] = yield* Effect.all([north!, south!].map(({ run }) =>
        run(Effect.flatMap(AuthorStore, (authors) => authors.load(ann.id)))))
      assert.deepStrictEqual([northSide!.followers, southSide!.followers], [0, 1])
      const [own] = yield* north!.run(Effect.flatMap(AuthorStore, (authors) => authors.followersOf([ann.id])))
      assert.strictEqual(own!.numbers.length, 0)
      assert.deepInclude(yield* World.seen(north!, ann), { followers: 1, statuses: 1 })
      assert.deepInclude(yield* World.seen(south!, ann), { followers: 1, statuses: 1 })
    })))

  it.live("edits and deletions of the owner are taken, and nobody else's are", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const { id } = yield* post(north!, ann)
      const told = yield* take(north!)
      const facts = told.map(({ fact }) => fact)
      yield* apply(south!, 0, facts)
      assert.isUndefined(yield* south!.run(Effect.flatMap(PostStore, (posts) => posts.remove(id))))
      const change = { text: "mine", spoiler: "", sensitive: true, language: null }
      assert.isUndefined(yield* south!.run(Effect.flatMap(PostStore, (posts) => posts.edit(id, 1, change))))
      yield* north!.run(Effect.flatMap(PostStore, (posts) => posts.edit(id, 1, change)))
      yield* flow([north!, south!])
      assert.deepInclude(yield* postOf(south!, id), { version: 2, sensitive: true, text: "" })
      yield* north!.run(Effect.flatMap(PostStore, (posts) => posts.remove(id)))
      yield* flow([north!, south!])
      assert.isUndefined(yield* postOf(south!, id))
      const late = yield* apply(south!, 0, facts)
      assert.deepStrictEqual(late, { unknownOld: [], missing: [], changedPosts: [], news: [], related: [], told: false })
      assert.isUndefined(yield* postOf(south!, id))
      assert.deepStrictEqual((yield* tasksOf(south!)).map((task) => task._tag), ["Edited", "Removed"])
    })))

  it.live("a tombstone that comes first holds against the announcement", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const { id } = yield* post(north!, ann)
      yield* north!.run(Effect.flatMap(PostStore, (posts) => posts.remove(id)))
      for (const { fact } of (yield* take(north!)).toReversed()) yield* apply(south!, 0, [fact])
      assert.isUndefined(yield* postOf(south!, id))
      assert.deepStrictEqual(yield* south!.run(Effect.flatMap(PostStore, (posts) => posts.deletedAmong([id]))), [id])
    })))

  it.live("mentions, replies and reposts are told where the person lives, once, also when the author is known later", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const bob = yield* account(south!, "bob")
      const own = yield* post(south!, bob)
      yield* flow([south!, north!].toReversed())
      yield* apply(north!, 1, (yield* take(south!)).map(({ fact }) => fact))
      const cat = yield* account(north!, "cat")
      const reply = yield* post(north!, cat, { replyTo: own.id, text: "@bob", mentions: ["bob"] })
      yield* post(north!, cat, { repostOf: own.id })
      yield* post(north!, ann, { text: "@bob", mentions: ["bob"], visibility: "direct" })
      const told = (yield* take(north!)).map(({ fact }) => fact)
      const posts = told.filter((fact) => fact._tag === "Post")
      const first = yield* apply(south!, 0, posts)
      assert.deepStrictEqual(first.missing, [cat.id])
      assert.deepStrictEqual(yield* noticesOf(south!, bob), [`mention ${posts.find((fact) => fact.author === ann.id)!.id}`])
      yield* apply(south!, 0, told)
      yield* apply(south!, 0, told)
      const notices = yield* noticesOf(south!, bob)
      assert.sameMembers(notices.slice(0, 2), [`mention ${reply.id}`, `reblog ${own.id}`])
      assert.strictEqual(notices.length, 3)
      const [conversation, ...others] = yield* south!.run(Effect.flatMap(ConversationStore, (conversations) =>
        conversations.list(bob.id, { before: undefined, after: undefined, limit: 10 })))
      assert.deepStrictEqual([conversation?.people, others], [[ann.id], []])
      yield* flow([north!, south!])
      assert.deepInclude(yield* postOf(south!, own.id), { replies: 1, reposts: 1 })
    })))

  it.live("direct posts go to the homes of those whom they mention, and to nobody else", () =>
    Effect.scoped(Effect.gen(function*() {
      const all = yield* world(3)
      const [north, south, west] = all
      const ann = yield* account(north!, "ann")
      yield* account(south!, "bob")
      yield* flow(all)
      const secret = yield* post(north!, ann, { text: "@bob", mentions: ["bob"], visibility: "direct" })
      yield* post(north!, ann, { text: "to myself", visibility: "direct" })
      const told = (yield* take(north!)).filter(({ fact }) => fact._tag === "Post")
      assert.deepStrictEqual(told.map(({ destination, fact }) => [destination, (fact as PostFact).id]), [[1, secret.id]])
      const asked = (asker: number) =>
        north!.run(Effect.flatMap(GossipStore, (gossip) => gossip.postsOf([secret.id], asker)))
      assert.strictEqual((yield* asked(south!.number)).length, 1)
      assert.deepStrictEqual(yield* asked(west!.number), [])
    })))

  it.live("an announcement older than tombstones are kept is taken only when the owner confirms it", () =>
    Effect.scoped(Effect.gen(function*() {
      const [north, south] = yield* world(2)
      const ann = yield* account(north!, "ann")
      const at = Date.now() - World.tombstoneMillis
      const [kept, gone] = [World.idOf(0, at), World.idOf(0, at)] as Array<PostId>
      yield* post(north!, ann, {}, kept)
      yield* post(north!, ann, {}, gone)
      const facts = (yield* take(north!)).map(({ fact }) => fact)
      yield* north!.run(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* (yield* PostStore).remove(gone!)
        yield* sql`UPDATE posts SET deleted_at = deleted_at - interval '41 days' WHERE id = ${gone!}`
        assert.strictEqual(yield* (yield* GossipStore).sweep, 1)
        assert.deepStrictEqual(yield* (yield* PostStore).deletedAmong([gone!]), [])
      }))
      const { unknownOld } = yield* apply(south!, 0, facts)
      assert.sameMembers([...unknownOld], [kept!, gone!])
      const answer = yield* north!.run(Effect.flatMap(GossipStore, (gossip) => gossip.postsOf(unknownOld, 1)))
      const confirmed = yield* apply(south!, 0, answer, true)
      assert.deepStrictEqual(confirmed.missing, [])
      assert.deepInclude(yield* postOf(south!, kept!), { version: 1 })
      assert.isUndefined(yield* postOf(south!, gone!))
    })))
})
