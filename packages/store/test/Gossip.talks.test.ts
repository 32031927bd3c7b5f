import { assert, describe, it } from "@effect/vitest"
import type { BlockFact, PostFact, TombstoneFact } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { ConversationStore } from "../src/ConversationStore.ts"
import * as World from "./gossipWorld.ts"

const { account, apply, flow, world } = World

interface Person {
  readonly id: AccountId
}

const newId = () => World.idOf(0) as PostId

const direct = (id: PostId, author: Person, mentions: ReadonlyArray<Person>, thread: PostId | null = null): PostFact => ({
  _tag: "Post", id, author: author.id, version: 1, visibility: 3, sensitive: false, replyTo: thread, replyToAuthor: null, repostOf: null,
  conversation: thread, editedAt: 0, mentions: mentions.map((person) => person.id), tags: [], pictures: false
})

const block = (account: Person, target: Person, version: number): BlockFact =>
  ({ _tag: "Block", account: account.id, target: target.id, version, active: version % 2 === 1 })

const tombstone = (id: PostId, author: Person): TombstoneFact => ({ _tag: "Tombstone", id, author: author.id, deletedAt: Date.now() })

/** The last post of each conversation of a person, and all their direct posts, the newest first. */
const talksOf = ({ run }: World.Datacenter, who: Person) =>
  run(Effect.gen(function*() {
    const conversations = yield* ConversationStore
    const rows = yield* conversations.list(who.id, { before: undefined, after: undefined, limit: 10 })
    const posts = yield* conversations.posts(who.id, { maxId: undefined, sinceId: 0n, minId: 0n, limit: 10 })
    return { last: rows.map((row) => row.lastPost), posts }
  }))

/** Ann and Cat live in the north, Bob and Dan in the south, where everybody is known. */
const people = Effect.gen(function*() {
  const [north, south] = yield* world(2)
  const [ann, cat] = [yield* account(north!, "ann"), yield* account(north!, "cat")]
  const [bob, dan] = [yield* account(south!, "bob"), yield* account(south!, "dan")]
  yield* flow([north!, south!])
  return { ann, bob, cat, dan, here: south! }
})

describe("gossip of direct posts", () => {
  it.live("who may hear of the author later than others has the conversation that those have", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, dan, here } = yield* people
      const id = newId()
      yield* apply(here, 0, [block(ann, dan, 1)])
      yield* apply(here, 0, [direct(id, ann, [bob, dan])])
      assert.deepStrictEqual(yield* talksOf(here, dan), { last: [], posts: [] })
      yield* apply(here, 0, [block(ann, dan, 2)])
      for (const who of [bob, dan]) assert.deepStrictEqual(yield* talksOf(here, who), { last: [id], posts: [id] })
    })))

  it.live("of what comes together, only what a person may hear of enters the conversation, and the rest when they may", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, cat, here } = yield* people
      const [first, second] = [newId(), newId()]
      yield* apply(here, 0, [block(cat, bob, 1)])
      yield* apply(here, 0, [direct(first, ann, [bob, cat]), direct(second, cat, [ann, bob], first)])
      assert.deepStrictEqual(yield* talksOf(here, bob), { last: [first], posts: [first] })
      yield* apply(here, 0, [block(cat, bob, 2)])
      assert.deepStrictEqual(yield* talksOf(here, bob), { last: [second], posts: [second, first] })
    })))

  it.live("of a conversation whose newest posts end together, the newest that stays is the last", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, here } = yield* people
      const [first, second, third] = [newId(), newId(), newId()]
      yield* apply(here, 0, [direct(first, ann, [bob]), direct(second, ann, [bob], first), direct(third, ann, [bob], first)])
      yield* apply(here, 0, [tombstone(second, ann), tombstone(third, ann)])
      assert.deepStrictEqual(yield* talksOf(here, bob), { last: [first], posts: [first] })
    })))

  it.live("of a conversation whose newest posts name others now, the newest that stays is the last", () =>
    Effect.scoped(Effect.gen(function*() {
      const { ann, bob, dan, here } = yield* people
      const [first, second, third] = [newId(), newId(), newId()]
      yield* apply(here, 0, [direct(first, ann, [bob]), direct(second, ann, [bob], first), direct(third, ann, [bob], first)])
      yield* apply(here, 0, [second, third].map((id) => ({ ...direct(id, ann, [dan], first), version: 2 })))
      assert.deepStrictEqual(yield* talksOf(here, bob), { last: [first], posts: [first] })
      assert.deepStrictEqual(yield* talksOf(here, dan), { last: [third], posts: [third, second] })
    })))
})
