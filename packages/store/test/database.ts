/** A migrated database with every store on it, and shorthands for what tests write. */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { PostDraft } from "@rookery/domain/Post"
import * as TestDatabase from "@rookery/testkit/TestDatabase"
import { Effect, Layer, Redacted } from "effect"
import { inject } from "vitest"
import { type AccountRow, AccountStore } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { FollowStore } from "../src/FollowStore.ts"
import { ModerationStore } from "../src/ModerationStore.ts"
import * as Client from "../src/postgres/client.ts"
import * as Stores from "../src/postgres/layer.ts"
import { migrate } from "../src/postgres/migrate.ts"
import { type PublishResult, type PublishRow, PostStore } from "../src/PostStore.ts"

const url = () =>
  TestDatabase.make({
    serverUrl: inject("postgresUrl"),
    template: "store",
    migrate: (address) =>
      migrate.pipe(
        Effect.provide(Client.operatorLayer({ url: Redacted.make(address), applicationName: "store migrations" }))
      )
  })

/** The stores and their `SqlClient` on a database of their own, another one with each call. */
export const makeLayer = () =>
  Layer.unwrap(Effect.map(url(), (address) => {
    const settings = { url: Redacted.make(address), maxConnections: 16, applicationName: "store tests" }
    return Layer.provideMerge(Stores.layer, Client.layer(settings))
  }))

export const layer = makeLayer()

let lastId = 1_000n
export const newId = (): bigint => ++lastId

export const account = (username = `user${lastId + 1n}`) =>
  Effect.gen(function*() {
    const accounts = yield* AccountStore
    const created = yield* accounts.create({
      id: newId() as AccountId,
      shard: 1,
      username,
      email: null,
      passwordHash: null,
      admin: false
    })
    return typeof created === "string" ? yield* Effect.die(new Error(`${created} is taken`)) : created
  })

/** As an operator does. */
export const suspend = (whom: AccountRow, suspended = true) =>
  Effect.flatMap(ModerationStore, (moderation) => moderation.setSuspended(whom.id, suspended, { by: null, reason: "a test" }))

/** `count` new accounts. */
export const people = (count: number) => Effect.forEach(Array.from({ length: count }), () => account())

const emptyDraft: PostDraft = {
  text: "hello",
  spoiler: "",
  sensitive: false,
  visibility: "public",
  language: null,
  replyTo: null,
  repostOf: null
}

export const row = (author: AccountRow, version: number | undefined, draft: Partial<PostDraft> = {}, key?: string): PublishRow => {
  const id = newId() as PostId
  return {
    id,
    author: author.id,
    version,
    requestKey: key ?? `key ${id}`,
    draft: { ...emptyDraft, ...draft },
    claimMillis: 60_000
  }
}

/** Publishes one post with whatever version the author has; dies unless it is published. */
export const post = (author: AccountRow, draft: Partial<PostDraft> = {}) =>
  Effect.gen(function*() {
    const result = yield* attempt(author, draft)
    return result._tag === "Published" ? result.post : yield* Effect.die(new Error(`not published: ${result._tag}`))
  })

export const versionOf = (author: AccountRow) =>
  Effect.gen(function*() {
    const authors = yield* AuthorStore
    return (yield* authors.load(author.id))!.version
  })

/** As an actor does: again with the newer version, as long as it is stale. */
export const attempt = (author: AccountRow, draft: Partial<PostDraft> = {}, key?: string) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    let result: PublishResult = { _tag: "Stale" }
    for (let i = 0; i < 100 && result._tag === "Stale"; i++) {
      result = (yield* posts.publish([row(author, yield* versionOf(author), draft, key)]))[0]!
    }
    return result
  })

export const follow = (follower: AccountRow, followee: AccountRow, following = true) =>
  Effect.gen(function*() {
    const follows = yield* FollowStore
    const reader = yield* follows.reader(follower.id)
    return yield* follows.set({
      follower: follower.id,
      followee: followee.id,
      following,
      followVersion: reader!.followVersion,
      claimMillis: 60_000
    })
  })
