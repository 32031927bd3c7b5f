/** What each person is told of posts that come while they stand to the author as they do, as a table. */
import { assert, describe, it } from "@effect/vitest"
import { visibilities, type Visibility } from "@rookery/domain/Post"
import { Effect } from "effect"
import { computeTrends, limits } from "./discovery.ts"
import { eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"
import { makeWorld, relations, type Status, tokenOf, type World } from "./relationsWorld.ts"
import * as Streams from "./streams.ts"

/**
 * A letter for each path that tells of the post, - where it does not: everybody's timeline, trends, their stream (`user`),
 * everybody's stream (`public`), the resumable stream, and notifications, which whoever follows has asked for.
 */
const table = {
  self: { public: "etspr-", unlisted: "--s-r-", private: "--s-r-", direct: "--s-r-" },
  follower: { public: "etsprn", unlisted: "--s-rn", private: "--s-rn", direct: "------" },
  stranger: { public: "et-p--", unlisted: "------", private: "------", direct: "------" },
  named: { public: "et-p-n", unlisted: "-----n", private: "-----n", direct: "-----n" },
  blocked: { public: "------", unlisted: "------", private: "------", direct: "------" },
  blocking: { public: "------", unlisted: "------", private: "------", direct: "------" },
  muting: { public: "------", unlisted: "------", private: "------", direct: "------" },
  anonymous: { public: "et----", unlisted: "------", private: "------", direct: "------" }
} as const

const nothing = Object.fromEntries(visibilities.map((visibility) => [visibility, "------"]))

interface Listening {
  readonly viewer: Someone | undefined
  readonly user: Streams.Reader | undefined
  readonly everybody: Streams.Reader | undefined
  readonly resumable: Streams.Reader | undefined
}

const deaf = { user: undefined, everybody: undefined, resumable: undefined }

const listen = ({ client: { base } }: World, viewer: Someone | undefined) =>
  viewer === undefined ? Effect.succeed({ viewer, ...deaf }) : Effect.gen(function*() {
    const { token } = viewer
    const listening: Listening = {
      viewer,
      user: yield* Streams.socket(base, "/api/v1/streaming?stream=user", { token }),
      everybody: yield* Streams.socket(base, "/api/v1/streaming?stream=public", { token }),
      resumable: yield* Streams.serverSent(base, "/api/x/stream", token)
    }
    // From its first line on it misses nothing.
    yield* eventually(Effect.sync(() => listening.resumable!.ended.lastId), (id) => id !== undefined)
    return listening
  })

const heard = (reader: Streams.Reader | undefined): ReadonlyArray<string> =>
  reader === undefined ? [] : Streams.updatesAfter(reader, "")

/** One of each visibility; two people like what they see. */
const publish = ({ author, client, viewers }: World) =>
  Effect.gen(function*() {
    const posts: Partial<Record<Visibility, string>> = {}
    for (const visibility of visibilities) {
      const { id } = yield* client.post(author, `for @nan to ${visibility}`, { visibility })
      posts[visibility] = id
      if (visibility === "private" || visibility === "direct") continue
      for (const by of [viewers.stranger, viewers.follower]) yield* client.ok("POST", `/api/v1/statuses/${id}/favourite`, { token: by.token })
    }
    yield* computeTrends
    return posts as Record<Visibility, string>
  })

type Row = Readonly<Record<Visibility, string>>

/** What one of them was told until now. */
const rowOf = ({ client }: World, posts: Row, { everybody, resumable, user, viewer }: Listening) =>
  Effect.gen(function*() {
    const get = (path: string) => client.ok("GET", path, tokenOf(viewer))
    const ids = (list: ReadonlyArray<Status>) => list.map(({ id }) => id)
    const notices: ReadonlyArray<{ status: Status | null }> = viewer === undefined ? [] : yield* get("/api/v1/notifications?types[]=mention&types[]=status&limit=80")
    const told = {
      e: ids(yield* get("/api/v1/timelines/public?limit=40")),
      t: ids(yield* get("/api/v1/trends/statuses?limit=40")),
      s: heard(user),
      p: heard(everybody),
      r: heard(resumable),
      n: notices.flatMap(({ status }) => status === null ? [] : [status.id])
    }
    const cell = (id: string) => Object.entries(told).map(([letter, all]) => all.includes(id) ? letter : "-").join("")
    return Object.fromEntries(visibilities.map((visibility) => [visibility, cell(posts[visibility])]))
  })

/** The table for everybody, once the last post, which is everybody's, has come to all streams. */
const rowsOf = (world: World, posts: Row, all: Readonly<Record<string, Listening>>) =>
  Effect.gen(function*() {
    const { id: last } = yield* world.client.post(world.rep, "good night")
    for (const { everybody, resumable, user } of Object.values(all)) {
      for (const reader of [everybody, resumable, user]) {
        if (reader !== undefined) yield* eventually(Effect.sync(() => heard(reader)), (ids) => ids.includes(last))
      }
    }
    return yield* Effect.all(Object.fromEntries(Object.entries(all).map(([relation, listening]) => [relation, rowOf(world, posts, listening)])))
  })

const others = relations.filter((one) => one !== "self")

describe("what is told of posts as they come", () => {
  it.live("is as the table says for each visibility and relation, and nothing once the author is suspended, until that ends", () =>
    withFront((client) =>
      Effect.scoped(Effect.gen(function*() {
        const world = yield* makeWorld(client)
        const { author, viewers } = world
        const moderator = yield* Moderators.make(client)
        for (const viewer of [viewers.follower, viewers.muting]) {
          yield* client.ok("POST", `/api/v1/accounts/${author.id}/follow`, { token: viewer.token, json: { notify: true } })
        }
        const all = yield* Effect.all(Object.fromEntries(relations.map((relation) => [relation, listen(world, viewers[relation])])))
        const from = viewers.follower
        const cursor = all["follower"]!.resumable!.ended.lastId!
        const posts = yield* publish(world)
        yield* eventually(rowsOf(world, posts, all), (rows) => JSON.stringify(rows) === JSON.stringify(table))
        yield* moderator.suspend(author)
        // The suspended hear nothing more either.
        assert.strictEqual((yield* Streams.ended(all["self"]!.user!)).code, 1008)
        const resumed = yield* Streams.serverSent(client.base, `/api/x/stream?cursor=${cursor}`, from.token)
        const anew = Object.fromEntries(others.map((relation) => [relation, { ...deaf, viewer: viewers[relation] }]))
        const rows = yield* rowsOf(world, posts, { ...anew, follower: { ...deaf, viewer: from, resumable: resumed } })
        assert.deepStrictEqual(rows, Object.fromEntries(others.map((relation) => [relation, nothing])))
        yield* moderator.unsuspend(author)
        const again = yield* Streams.serverSent(client.base, `/api/x/stream?cursor=${cursor}`, from.token)
        const back = { ...all["follower"]!, resumable: again }
        yield* eventually(rowOf(world, posts, back), (row) => JSON.stringify(row) === JSON.stringify(table.follower))
      })), { limits }), { timeout: 120_000 })
})
