import { assert, describe, it } from "@effect/vitest"
import type { GossipFact, Verdict } from "@rookery/domain/GossipFact"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { inject } from "vitest"
import { SqlClient } from "effect/sql"
import { AccountStore } from "../src/AccountStore.ts"
import { PostStore } from "../src/PostStore.ts"
import * as World from "./gossipWorld.ts"

const start = Date.now() - 3_120_000
const northId = (n: number) => Snowflake.make(start + n, 11, 0)
const southId = (n: number) => Snowflake.make(start + n, 21, 0)

const far = [1, 2, 3, 4].map(northId) as Array<AccountId>
const own = [1, 2, 3].map(southId) as Array<AccountId>
const ownPosts = [11, 12].map(southId) as Array<PostId>

const profile = (id: AccountId, version: number, more: Partial<Extract<GossipFact, { _tag: "Account" }>> = {}): GossipFact => ({
  _tag: "Account", id, version, username: `far${id & 0xfn}${id >> 22n}`, displayName: `v${version}`, note: "", locked: false, bot: false,
  discoverable: true, fields: [], avatar: null, header: null, suspended: false, gone: false, ...more
})

/** The south before anything is told: three people, one of them locked, two posts, and follows of the first two of the north. */
const south = Effect.gen(function*() {
  const here = yield* World.datacenter(1)
  const people = yield* Effect.forEach(own, (id, i) => World.account(here, `own${i}`, id))
  yield* here.run(Effect.flatMap(AccountStore, (accounts) => accounts.update(own[2]!, { locked: true })))
  for (const id of ownPosts) yield* World.post(here, people[0]!, {}, id)
  yield* World.apply(here, 0, far.slice(0, 2).map((id) => profile(id, 1)))
  for (const id of far.slice(0, 2)) yield* World.follow(here, people[0]!, yield* World.seen(here, { id }))
  return here
})

/** Those who talk in direct posts, several of them in turn. */
const circles: ReadonlyArray<ReadonlyArray<AccountId>> = [[far[0]!, far[1]!, own[0]!, own[1]!], [far[2]!, own[0]!, own[2]!]]

/** All that the north said of its posts: what each author wrote, edited and deleted, in the order of the record's versions. */
const postFacts = (roll: (sides: number) => number): Array<GossipFact> =>
  Array.from({ length: 10 }, (_, n) => {
    const id = northId(20 + n) as PostId
    const author = far[roll(4)]!
    const replies = roll(2) === 0
    const mentions = () => (roll(2) === 0 ? circles[roll(2)]! : own.filter(() => roll(3) === 0)).filter((id) => id !== author)
    const base = {
      _tag: "Post" as const, id, author, visibility: replies ? Math.min(roll(8), 3) : 0, sensitive: roll(2) === 0,
      replyTo: replies ? ownPosts[0]! : null, replyToAuthor: replies ? own[0]! : null,
      repostOf: replies || roll(2) === 0 ? null : ownPosts[n % 2]!, conversation: replies ? ownPosts[0]! : null
    }
    // A person reposts a post once at a time: wrappers of the same post are the same author's at most once.
    const repostOf = base.repostOf !== null && n < 2 ? base.repostOf : null
    const versions = Array.from({ length: 1 + roll(3) }, (_, i) =>
      ({ ...base, repostOf, version: i + 1, editedAt: i * 1_000, mentions: repostOf === null ? mentions() : [],
        tags: repostOf === null ? ["rook", "crow", "jay"].filter(() => roll(2) === 0) : [], pictures: roll(3) === 0 }))
    const end: Array<GossipFact> = roll(3) === 0 ? [{ _tag: "Tombstone", id, author, deletedAt: start + 5_000 }] : []
    return [...versions, ...end]
  }).flat()

const pairFacts = (roll: (sides: number) => number): Array<GossipFact> =>
  far.flatMap((account, i) => own.flatMap((target, j): Array<GossipFact> => {
    const follows = Array.from({ length: roll(4) }, (_, v): GossipFact =>
      ({ _tag: "Follow", follower: account, followee: target, version: v + 1, active: v % 2 === 0, asked: roll(2) === 0 }))
    const blocks = Array.from({ length: roll(3) }, (_, v): GossipFact =>
      ({ _tag: "Block", account, target, version: 10 + v, active: v % 2 === 0 }))
    const answers = i < 2 && j === 0
      ? ([1, 2, 3] as Array<Verdict>).slice(0, roll(4)).map((verdict): GossipFact =>
        ({ _tag: "Answer", follower: target, followee: account, version: 1, verdict }))
      : []
    const likes = ownPosts.flatMap((post) => Array.from({ length: roll(4) }, (_, v): GossipFact =>
      ({ _tag: "Like", account, post, version: 30 + v, active: v % 2 === 0 })))
    return [...follows, ...blocks, ...answers, ...(j === 0 ? likes : [])]
  }))

const numberFacts = (roll: (sides: number) => number): Array<GossipFact> => [
  ...far.flatMap((id, i) => [
    profile(id, 2),
    ...(roll(2) === 0 ? [profile(id, 3, { suspended: true }), ...(roll(2) === 0 ? [profile(id, 4)] : [])] : []),
    ...(i === 3 && roll(3) === 0 ? [profile(id, 9, { gone: true, suspended: true, username: "" })] : []),
    ...[1, 2].map((version): GossipFact =>
      ({ _tag: "AccountCounts", id, version, followers: roll(9), following: roll(9), statuses: roll(9), lastStatusAt: start }))
  ]),
  ...[...ownPosts, northId(20) as PostId].flatMap((post) => [1, 2, 3].map((version): GossipFact =>
    ({ _tag: "Counts", post, version, likes: roll(9), reposts: roll(9), replies: roll(9) })))
]

const shuffled = <A>(items: ReadonlyArray<A>, roll: (sides: number) => number): Array<A> => {
  const out = [...items]
  for (let i = out.length - 1; i > 0; i--) {
    const at = roll(i + 1)
    const held = out[i]!
    out[i] = out[at]!
    out[at] = held
  }
  return out
}

const queries: ReadonlyArray<readonly [what: string, query: string]> = [
  ["accounts", `SELECT id::text, username, display_name, gone, remote, disabled_at IS NULL AS enabled, gossip_version::text AS v FROM accounts ORDER BY 1`],
  ["authors", `SELECT account::text, followers, followers_elsewhere, following_elsewhere, statuses, disabled FROM authors ORDER BY 1`],
  ["readers", `SELECT account::text, following FROM readers ORDER BY 1`],
  ["posts", `SELECT id::text, author::text, CASE WHEN deleted_at IS NULL THEN jsonb_build_array(visibility, version, sensitive, mentions, repost_of::text, media) END AS live FROM posts ORDER BY 1`],
  ["mentions", `SELECT m.account::text, m.post_id::text FROM post_mentions m JOIN posts p ON p.id = m.post_id AND p.deleted_at IS NULL ORDER BY 1, 2`],
  ["tags", `SELECT t.post_id::text, t.tag, t.author::text, t.visibility FROM post_tags t ORDER BY 1, 2`],
  ["reposts", `SELECT account::text, post_id::text, wrapper::text FROM reposts ORDER BY 1, 2`],
  ["follows", `SELECT follower::text, followee::text FROM follows WHERE active ORDER BY 1, 2`],
  ["requests", `SELECT account::text, target::text FROM follow_requests ORDER BY 1, 2`],
  ["blocks", `SELECT account::text, target::text FROM blocks ORDER BY 1, 2`],
  ["records", `SELECT follower::text, followee::text, version::text, active, asked, CASE WHEN active THEN gossip_verdict(r) END AS said FROM remote_follows r WHERE version > 0 ORDER BY 1, 2`],
  ["likes", `SELECT account::text, post_id::text, version::text, active FROM remote_likes ORDER BY 1, 2`],
  ["counts", `SELECT c.post_id::text, c.likes, c.reposts, c.replies FROM post_counts c ORDER BY 1`],
  ["notices", `SELECT n.account::text, n.kind, n.object::text, n.from_account::text FROM notifications n
    WHERE hears(n.account, n.from_account) AND (n.object = 0 OR EXISTS (SELECT FROM posts p WHERE p.id = n.object AND p.deleted_at IS NULL)) ORDER BY 1, 2, 3, 4`],
  ["talks", `SELECT v.account::text, v.thread::text, v.people::text, jsonb_agg(p.id::text ORDER BY p.id) AS posts
    FROM conversations v JOIN conversation_posts t ON t.conversation = v.id JOIN posts p ON p.id = t.post_id
    WHERE hears(v.account, p.author) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`]
]

/** Talks whose last post is not the newest of theirs, or was deleted. */
const strayTalks = `
  SELECT v.id FROM conversations v WHERE v.last_post IS DISTINCT FROM
    (SELECT max(t.post_id) FROM conversation_posts t JOIN posts p ON p.id = t.post_id AND p.deleted_at IS NULL WHERE t.conversation = v.id)`

const stateOf = ({ run }: World.Datacenter) =>
  run(Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const parts = yield* Effect.forEach(queries, ([what, query]) => Effect.map(sql.unsafe(query), (rows) => [what, rows] as const))
    assert.deepStrictEqual(yield* sql.unsafe(strayTalks), [])
    const [post] = yield* (yield* PostStore).byIds([ownPosts[0]!])
    return { ...Object.fromEntries(parts), likes0: post?.likes }
  }))

/** Every fact once or more, in any order, in messages of any size. */
const tellInDisorder = (facts: ReadonlyArray<GossipFact>, roll: (sides: number) => number) =>
  Effect.gen(function*() {
    const here = yield* south
    const told = shuffled([...facts, ...facts.filter(() => roll(2) === 0)], roll)
    for (let at = 0; at < told.length;) {
      const size = 1 + roll(30)
      yield* World.apply(here, 0, told.slice(at, at + size))
      at += size
    }
    return yield* stateOf(here)
  })

const tellInOrder = (facts: ReadonlyArray<GossipFact>) =>
  Effect.gen(function*() {
    const here = yield* south
    for (const fact of facts) yield* World.apply(here, 0, [fact])
    return yield* stateOf(here)
  })

describe("gossip in any order", () => {
  const seeds = [0, 1, 2].map((n) => inject("oracleSeed") + n)
  it.live.each(seeds)("ends in the state that the order of its making ends in, seed %i", (seed) =>
    Effect.scoped(Effect.gen(function*() {
      const roll = Seeded.make(seed).int
      const facts = [...numberFacts(roll), ...postFacts(roll), ...pairFacts(roll)]
      const expected = yield* tellInOrder(facts)
      for (let i = 0; i < 2; i++) assert.deepStrictEqual(yield* tellInDisorder(facts, roll), expected)
    })), 120_000)
})
