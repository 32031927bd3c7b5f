import { assert, layer } from "@effect/vitest"
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { OAuthStore } from "../src/OAuthStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as Database from "./database.ts"

const { account, follow, people, post } = Database

const newAccount = (username: string, email: string | null) => ({
  id: Database.newId() as AccountId,
  shard: 3,
  username,
  email,
  passwordHash: "$argon2id$x",
  admin: true
})

layer(Database.layer, { excludeTestServices: true })("AccountStore", (it) => {
  it.effect("creates an account that is found by id, number, any spelling of its name, and its address", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const created = yield* accounts.create(newAccount("Ann", "Ann@Example.org"))
      if (typeof created === "string") return assert.fail(created)
      assert.deepInclude(created, { username: "Ann", shard: 3, admin: true, followers: 0, lastStatusAt: null })
      assert.deepStrictEqual(yield* accounts.byIds([created.id]), [created])
      assert.deepStrictEqual(yield* accounts.byNos([created.no]), [created])
      assert.deepStrictEqual(yield* accounts.byUsername("\uff21NN"), created)
      const credentials = { id: created.id, passwordHash: "$argon2id$x", disabledAt: null }
      assert.deepStrictEqual(yield* accounts.credentials("ann"), credentials)
      assert.deepStrictEqual(yield* accounts.credentials("ann@example.ORG"), credentials)
      assert.isUndefined(yield* accounts.credentials("nobody"))
    }))

  it.effect("tells what is taken, also to one of two who ask at once", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const both = yield* Effect.all(
        [accounts.create(newAccount("bob", null)), accounts.create(newAccount("BOB", null))],
        { concurrency: 2 }
      )
      assert.strictEqual(both.filter((result) => result === "username").length, 1)
      yield* accounts.create(newAccount("cleo", "c@example.org"))
      assert.strictEqual(yield* accounts.create(newAccount("cleo2", "C@example.org")), "email")
    }))

  it.effect("changes only what is named", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const dan = yield* account("dan")
      const changed = yield* accounts.update(dan.id, { displayName: "Dan", locked: true })
      assert.deepStrictEqual(changed, { ...dan, displayName: "Dan", locked: true })
      assert.deepInclude(yield* accounts.update(dan.id, { note: "" }), { displayName: "Dan", note: "" })
      assert.isUndefined(yield* accounts.update(2n as AccountId, { note: "" }))
      const told = {
        discoverable: false,
        fields: [{ name: "Site", value: "it's \"mine\"" }],
        defaultPrivacy: "unlisted",
        defaultSensitive: true,
        defaultLanguage: "de"
      } as const
      assert.deepStrictEqual(yield* accounts.update(dan.id, told), { ...dan, displayName: "Dan", locked: true, ...told })
      assert.deepInclude(yield* accounts.update(dan.id, { defaultLanguage: null }), { ...told, defaultLanguage: null })
    }))

  it.effect("keeps a suspended account's tokens, which work again afterwards; revoked ones do not", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const oauth = yield* OAuthStore
      const eve = yield* account("eve")
      const app = yield* oauth.createApp({ clientId: "c", secretHash: "s", name: "app", website: null, redirectUris: ["a", "b"], scopes: "read" })
      assert.deepStrictEqual([yield* oauth.appByClientId("c"), yield* oauth.appById(app.id)], [app, app])
      const token = { tokenHash: "t", appId: app.id, account: eve.id, scopes: "read", createdAt: 1_700_000_000_123 }
      yield* oauth.createToken(token)
      assert.deepStrictEqual(yield* oauth.token("t"), token)
      yield* Database.suspend(eve)
      assert.deepStrictEqual(yield* oauth.token("t"), token)
      assert.isNumber((yield* accounts.byIds([eve.id]))[0]?.disabledAt)
      yield* Database.suspend(eve, false)
      assert.isNull((yield* accounts.byIds([eve.id]))[0]?.disabledAt)
      assert.deepStrictEqual(yield* oauth.token("t"), token)
      assert.isTrue(yield* oauth.revoke("t"))
      assert.isFalse(yield* oauth.revoke("t"))
      assert.isUndefined(yield* oauth.token("t"))
    }))

  it.effect("removes an account from every set and counter that it was part of", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const authors = yield* AuthorStore
      const posts = yield* PostStore
      const [gone, friend] = yield* people(2)
      yield* follow(gone!, friend!)
      yield* follow(friend!, gone!)
      const root = yield* post(friend!)
      const own = yield* post(gone!, { replyTo: root.id })
      yield* post(friend!, { repostOf: own.id })
      yield* post(gone!, { repostOf: root.id })
      yield* posts.setLikes([{ postId: root.id, account: gone!.id, liked: true }])
      const before = yield* accounts.totals
      assert.isTrue(yield* accounts.remove(gone!.id))
      assert.isFalse(yield* accounts.remove(gone!.id))
      assert.deepInclude((yield* posts.byIds([root.id]))[0], { likes: 0, reposts: 0, replies: 0 })
      assert.deepInclude((yield* accounts.byIds([friend!.id]))[0], { followers: 0, following: 0, statuses: 1 })
      assert.deepInclude(yield* authors.load(friend!.id), { followers: 0, edgeSequence: 2 })
      assert.deepStrictEqual((yield* authors.followersOf([friend!.id]))[0]?.numbers, Uint32Array.of())
      const after = yield* accounts.totals
      assert.deepStrictEqual([after.accounts, after.posts], [before.accounts - 1, before.posts - 3])
    }))

  it.effect("removes what takes many steps: words of posts, deleted long ago too, their history, and rows that name the account", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const accounts = yield* AccountStore
      const [gone, friend] = yield* people(2)
      yield* Effect.forEach([gone!, friend!], (one) => post(one))
      const many = 1_200
      const copies = (one: typeof gone, deleted: boolean) => sql`
        INSERT INTO posts (id, author, author_no, visibility, text, spoiler, deleted_at)
        SELECT (SELECT max(id) FROM posts) + n, ${one!.id}, ${one!.no}, 0, 'words', 'more', CASE WHEN ${deleted} THEN now() END
        FROM generate_series(1, ${many}::int) AS n`
      yield* copies(gone, true)
      yield* copies(gone, false)
      yield* copies(friend, true)
      yield* sql`INSERT INTO post_edits (post_id, version, text, spoiler, sensitive, at) SELECT id, 1, 'before', '', false, now() FROM posts`
      yield* sql`INSERT INTO notifications (account, kind, object, from_account) SELECT ${gone!.id}, 0, n, ${friend!.id} FROM generate_series(1, ${many}::int) AS n`
      assert.isTrue(yield* accounts.remove(gone!.id))
      const left = (one: typeof gone) => Effect.map(sql<{ posts: bigint; wordy: bigint; standing: bigint; edits: bigint; notices: bigint }>`
        SELECT count(*) AS posts, count(*) FILTER (WHERE text <> '' OR spoiler <> '') AS wordy, count(*) FILTER (WHERE deleted_at IS NULL) AS standing,
          (SELECT count(*) FROM post_edits e JOIN posts p ON p.id = e.post_id WHERE p.author = ${one!.id}) AS edits,
          (SELECT count(*) FROM notifications WHERE account = ${one!.id}) AS notices
        FROM posts WHERE author = ${one!.id}`, ([row]) => row)
      assert.deepStrictEqual(yield* left(gone), { posts: 2_401n, wordy: 0n, standing: 0n, edits: 0n, notices: 0n })
      assert.deepStrictEqual(yield* left(friend), { posts: 1_201n, wordy: 1_201n, standing: 1n, edits: 1_201n, notices: 0n })
    }))

  it.effect("lists all accounts in pages", () =>
    Effect.gen(function*() {
      const accounts = yield* AccountStore
      const all = yield* accounts.list(undefined, 1_000)
      const pages: Array<AccountId> = []
      for (let after: AccountId | undefined; ;) {
        const page = yield* accounts.list(after, 2)
        if (page.length === 0) break
        pages.push(...page.map((row) => row.id))
        after = pages.at(-1)
      }
      assert.deepStrictEqual(pages, all.map((row) => row.id))
    }))
})
