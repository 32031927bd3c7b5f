/** What each person sees of each kind of post on each path, as a table. */
import { assert, describe, it } from "@effect/vitest"
import { visibilities } from "@rookery/domain/Post"
import { Effect } from "effect"
import { index, limits } from "./discovery.ts"
import { type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import { act, makeWorld, relations, type Status, tokenOf, type World } from "./relationsWorld.ts"

/**
 * A letter for each path on which the post is shown, - where it is not:
 * read, batch, profile (its author's posts), context (as a reply), home, wrapper (somebody else's repost, at home), x (the
 * batch for edge caches), g (its tag's timeline), k (the viewer's bookmarks, where they could make one), search.
 */
const table = {
  self: { public: "rbpchwxgks", unlisted: "rbpchwx-ks", private: "rbpch-x-ks", direct: "rb-ch-x-ks" },
  follower: { public: "rbpchwxgks", unlisted: "rbpchwx-ks", private: "rbpch-x-ks", direct: "----------" },
  stranger: { public: "rbpc-wxgks", unlisted: "rbpc-wx-k-", private: "----------", direct: "----------" },
  named: { public: "rbpc-wxgks", unlisted: "rbpc-wx-ks", private: "rbpc--x-ks", direct: "rb-c--x-ks" },
  blocked: { public: "----------", unlisted: "----------", private: "----------", direct: "----------" },
  blocking: { public: "----------", unlisted: "----------", private: "----------", direct: "----------" },
  muting: { public: "rbp---x-k-", unlisted: "rbp---x-k-", private: "rbp---x-k-", direct: "----------" },
  anonymous: { public: "rbpc--xg--", unlisted: "rbpc--x---", private: "----------", direct: "----------" }
} as const

/** The ids that a viewer is shown, path by path. */
const seenBy = ({ author, client, posts, root }: World, viewer: Someone | undefined) =>
  Effect.gen(function*() {
    const auth = tokenOf(viewer)
    const ids = (list: ReadonlyArray<Status>) => new Set(list.map((status) => status.id))
    const list = (path: string) => client.ok("GET", path, auth)
    const all = visibilities.map((visibility) => `id[]=${posts[visibility]}`).join("&")
    const batch = ids(yield* list(`/api/v1/statuses?${all}`))
    const profile = yield* client.call("GET", `/api/v1/accounts/${author.id}/statuses`, auth)
    const context = yield* client.call("GET", `/api/v1/statuses/${root}/context`, auth)
    const home: ReadonlyArray<Status> = viewer === undefined ? [] : yield* list("/api/v1/timelines/home?limit=40")
    const read = new Set<string>()
    for (const id of Object.values(posts)) {
      const { status } = yield* client.call("GET", `/api/v1/statuses/${id}`, auth)
      if (status === 200) read.add(id)
      // What is said about a post is as hidden as the post.
      for (const about of ["context", "history", "favourited_by", "reblogged_by"]) {
        const reply = yield* client.call("GET", `/api/v1/statuses/${id}/${about}`, auth)
        assert.strictEqual(reply.status, status, `${about} of ${id}`)
      }
    }
    return {
      r: read,
      b: batch,
      p: ids(profile.status === 200 ? profile.body : []),
      c: ids(context.status === 200 ? context.body.descendants : []),
      h: ids(home),
      w: new Set(home.flatMap((status) => status.reblog === null ? [] : [status.reblog.id])),
      x: ids(yield* list(`/api/x/posts?ids=${Object.values(posts).join(",")}`)),
      g: ids(yield* list("/api/v1/timelines/tag/table?limit=40")),
      k: ids(viewer === undefined ? [] : yield* list("/api/v1/bookmarks?limit=40")),
      s: ids((yield* list("/api/v2/search?type=statuses&q=kiwi")).statuses)
    }
  })

const rowOf = (world: World, viewer: Someone | undefined) =>
  Effect.map(seenBy(world, viewer), (seen) =>
    Object.fromEntries(visibilities.map((visibility) => [
      visibility,
      Object.entries(seen).map(([letter, ids]) => ids.has(world.posts[visibility]) ? letter : "-").join("")
    ])))

const rowsOf = (world: World) =>
  Effect.map(
    Effect.forEach(relations, (relation) => Effect.map(rowOf(world, world.viewers[relation]), (row) => [relation, row] as const)),
    (rows) => Object.fromEntries(rows)
  )

const nothing = Object.fromEntries(visibilities.map((visibility) => [visibility, "----------"]))

const others = relations.filter((one) => one !== "self")

describe("permissions", () => {
  it.live("each visibility, relation and path are as the table says, also after a suspension has come and gone, and nothing is left of what a moderator deletes", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const world = yield* makeWorld(client)
        const { author, posts, viewers } = world
        const moderator = yield* Moderators.make(client)
        yield* index
        assert.deepStrictEqual(yield* rowsOf(world), table)
        yield* moderator.suspend(author)
        for (const relation of others) assert.deepStrictEqual(yield* rowOf(world, viewers[relation]), nothing, relation)
        const refused = yield* client.call("GET", "/api/v1/timelines/home", { token: author.token })
        assert.deepStrictEqual([refused.status, refused.body], [403, { error: "Your login is currently disabled" }])
        yield* moderator.unsuspend(author)
        assert.deepStrictEqual(yield* rowsOf(world), table)
        for (const id of Object.values(posts)) yield* client.ok("DELETE", `/api/x/admin/posts/${id}`, { token: moderator.token })
        for (const relation of relations) assert.deepStrictEqual(yield* rowOf(world, viewers[relation]), nothing, relation)
      }), { limits }), { timeout: 120_000 })

  it.live("nobody likes, answers or reposts across a block, nor what they may not see", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const { author, posts, viewers } = yield* makeWorld(client)
        const attempts = (viewer: Someone, id: string) =>
          Effect.gen(function*() {
            const call = (path: string, json: object = {}) => Effect.map(client.call("POST", path, { token: viewer.token, json }), (reply) => reply.status)
            return [
              yield* call(`/api/v1/statuses/${id}/favourite`),
              yield* call(`/api/v1/statuses/${id}/reblog`),
              yield* call("/api/v1/statuses", { status: "but", in_reply_to_id: id })
            ]
          })
        for (const relation of ["blocked", "blocking"] as const) {
          assert.deepStrictEqual(yield* attempts(viewers[relation], posts.public), [404, 404, 404], relation)
        }
        assert.deepStrictEqual(yield* attempts(viewers.stranger, posts.private), [404, 404, 404])
        assert.deepStrictEqual(yield* attempts(viewers.follower, posts.private), [200, 403, 200])
        const seen = yield* client.ok("GET", `/api/v1/statuses/${posts.public}`, { token: author.token })
        assert.deepStrictEqual([seen.favourites_count, seen.reblogs_count, seen.replies_count], [0, 1, 0])
      })))

  it.live("lists of people name neither those blocked in either direction nor those muted", () =>
    withFront((client) =>
      Effect.gen(function*() {
        const world = yield* makeWorld(client)
        const { author, posts, viewers } = world
        const { follower } = viewers
        // Of those who blocked or mute each other, each list holds only whom its reader may be shown.
        yield* client.ok("POST", `/api/v1/statuses/${posts.public}/favourite`, { token: viewers.stranger.token })
        yield* act(client, follower, viewers.stranger, "follow")
        yield* act(client, viewers.muting, viewers.stranger, "mute")
        const names = (viewer: Someone | undefined, path: string) =>
          Effect.map(client.ok("GET", path, tokenOf(viewer)), (list: ReadonlyArray<{ username: string }>) => list.map((one) => one.username))
        const likers = `/api/v1/statuses/${posts.public}/favourited_by`
        assert.deepStrictEqual(yield* names(follower, likers), ["sam"])
        assert.deepStrictEqual(yield* names(viewers.muting, likers), [])
        yield* act(client, viewers.stranger, follower, "block")
        assert.deepStrictEqual(yield* names(follower, likers), [])
        assert.deepStrictEqual(yield* names(undefined, `/api/v1/accounts/${author.id}/followers`), ["moe", "fay"])
        assert.deepStrictEqual(yield* names(viewers.blocked, `/api/v1/accounts/${author.id}/followers`), [])
      })))
})
