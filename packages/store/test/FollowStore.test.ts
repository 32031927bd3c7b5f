import { assert, layer } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { FollowStore } from "../src/FollowStore.ts"
import { OutboxStore } from "../src/OutboxStore.ts"
import { kind } from "../src/postgres/notices.ts"
import { RelationStore } from "../src/RelationStore.ts"
import * as Database from "./database.ts"

const { follow, people } = Database

layer(Database.layer, { excludeTestServices: true })("FollowStore", (it) => {
  it.effect("commits an edge with both counters, both sequences and its outbox row", () =>
    Effect.gen(function*() {
      const outbox = yield* OutboxStore
      const authors = yield* AuthorStore
      const accounts = yield* AccountStore
      const [ann, bob] = yield* people(2)
      const result = yield* follow(ann!, bob!)
      if (result._tag !== "Changed") return assert.fail(result._tag)
      assert.deepInclude(result.edge, { follower: ann!.id, followee: bob!.id, active: true, version: 1, sequence: 1 })
      assert.deepStrictEqual((yield* outbox.take([result.outboxId], 1_000))[0]?.task, { _tag: "Edge", edge: result.edge })
      const row = yield* authors.load(bob!.id)
      assert.deepStrictEqual([row?.followers, row?.edgeSequence, row?.version], [1, 1, 1])
      const [account] = yield* accounts.byIds([ann!.id])
      assert.strictEqual(account?.following, 1)
      const empty = { numbers: Uint32Array.of(), shards: Uint16Array.of() }
      const sets = yield* authors.followersOf([bob!.id, ann!.id, AccountId.make(3n)])
      assert.deepStrictEqual(sets.toSorted((a, b) => b.edgeSequence - a.edgeSequence), [
        { author: bob!.id, edgeSequence: 1, numbers: Uint32Array.of(ann!.no), shards: Uint16Array.of(1) },
        { author: ann!.id, edgeSequence: 0, ...empty }
      ])
    }))

  it.effect("raises the pair's version at every change and answers what stands already", () =>
    Effect.gen(function*() {
      const authors = yield* AuthorStore
      const [ann, bob] = yield* people(2)
      yield* follow(ann!, bob!)
      assert.strictEqual((yield* follow(ann!, bob!))._tag, "Same")
      const ended = yield* follow(ann!, bob!, false)
      assert.isTrue(ended._tag === "Changed" && ended.edge.version === 2 && !ended.edge.active)
      assert.strictEqual((yield* follow(ann!, bob!, false))._tag, "Same")
      assert.deepStrictEqual(yield* authors.followersOf([bob!.id]), [
        { author: bob!.id, edgeSequence: 2, numbers: Uint32Array.of(), shards: Uint16Array.of() }
      ])
      const again = yield* follow(ann!, bob!)
      assert.isTrue(again._tag === "Changed" && again.edge.version === 3 && again.edge.sequence === 3)
    }))

  it.effect("who asked somebody that unlocked meanwhile follows at once, and neither the request nor its notice stays", () =>
    Effect.gen(function*() {
      const follows = yield* FollowStore
      const accounts = yield* AccountStore
      const relations = yield* RelationStore
      const sql = yield* SqlClient.SqlClient
      const [ann, bob] = yield* people(2)
      const set = (following: boolean) =>
        Effect.flatMap(follows.reader(bob!.id), (reader) =>
          follows.set({ follower: bob!.id, followee: ann!.id, following, followVersion: reader!.followVersion, claimMillis: 1_000 }))
      yield* accounts.update(ann!.id, { locked: true })
      assert.strictEqual((yield* set(true))._tag, "Requested")
      yield* accounts.update(ann!.id, { locked: false })
      assert.strictEqual((yield* set(true))._tag, "Changed")
      assert.deepInclude((yield* relations.between(bob!.id, [ann!.id]))[0], { following: true, requested: false })
      const notices = yield* sql<{ kind: number }>`SELECT kind FROM notifications WHERE account = ${ann!.id}`
      assert.deepStrictEqual(notices.map((notice) => notice.kind), [kind.follow])
      assert.strictEqual((yield* set(false))._tag, "Changed")
      assert.deepInclude((yield* relations.between(bob!.id, [ann!.id]))[0], { following: false, requested: false })
      const waiting = yield* relations.list("follow_requests", ann!.id, { before: undefined, after: undefined, limit: 10 })
      assert.deepStrictEqual(waiting.accounts, [])
    }))

  it.effect("refuses a stale version, oneself, the unknown and the suspended; a suspended one can be unfollowed", () =>
    Effect.gen(function*() {
      const follows = yield* FollowStore
      const [ann, bob] = yield* people(2)
      const base = { follower: ann!.id, followee: bob!.id, following: true, followVersion: 1, claimMillis: 1_000 }
      const tagOf = (change: Partial<typeof base>) =>
        Effect.map(follows.set({ ...base, ...change }), (result) => result._tag)
      assert.strictEqual(yield* tagOf({ followVersion: 9 }), "Stale")
      assert.strictEqual(yield* tagOf({ followee: ann!.id }), "NotFound")
      assert.strictEqual(yield* tagOf({ followee: 3n as AccountId }), "NotFound")
      assert.strictEqual(yield* tagOf({ follower: 3n as AccountId }), "NotFound")
      assert.strictEqual(yield* tagOf({}), "Changed")
      yield* Database.suspend(bob!)
      assert.strictEqual(yield* tagOf({ following: false, followVersion: 2 }), "Changed")
      assert.strictEqual(yield* tagOf({ followVersion: 3 }), "NotFound")
    }))

  it.effect("keeps counters and the sequence exact when many follow and unfollow at once", () =>
    Effect.gen(function*() {
      const authors = yield* AuthorStore
      const [star, ...fans] = yield* people(25)
      const toggle = (fan: typeof star, times: number) =>
        Effect.forEach(Array.from({ length: times }, (_, i) => i % 2 === 0), (on) => follow(fan!, star!, on))
      yield* Effect.all(fans.map((fan, i) => toggle(fan, 1 + i % 3)), { concurrency: "unbounded" })
      const row = yield* authors.load(star!.id)
      const [set] = yield* authors.followersOf([star!.id])
      assert.deepStrictEqual([row?.followers, row?.edgeSequence], [16, 48])
      assert.strictEqual(set?.numbers.length, 16)
    }))

  it.effect("pages lists by edge, newest first, in both directions", () =>
    Effect.gen(function*() {
      const follows = yield* FollowStore
      const [star, ...fans] = yield* people(6)
      yield* Effect.forEach(fans, (fan) => follow(fan, star!))
      const newestFirst = fans.map((fan) => fan.id).reverse()
      const page = (query: { before?: bigint; after?: bigint; limit: number }) =>
        Effect.map(
          follows.followers(star!.id, { before: undefined, after: undefined, ...query }),
          ({ accounts }) => accounts
        )
      const first = yield* page({ limit: 2 })
      const second = yield* page({ limit: 10, before: first[1]!.cursor })
      assert.deepStrictEqual([...first, ...second].map((entry) => entry.id), newestFirst)
      const up = yield* page({ limit: 1, after: second[0]!.cursor })
      assert.deepStrictEqual(up, [first[1]!])
      const { accounts } = yield* follows.following(fans[0]!.id, { before: undefined, after: undefined, limit: 5 })
      assert.deepStrictEqual(accounts.map((entry) => entry.id), [star!.id])
      assert.sameDeepMembers([...yield* follows.relations(star!.id, [fans[0]!.id, star!.id])], [
        { id: fans[0]!.id, following: false, followedBy: true },
        { id: star!.id, following: false, followedBy: false }
      ])
    }))
})
