/** I10: whatever people and moderators do, and however they overlap, counters equal the sets that they count. */
import { assert, describe, inject, it } from "@effect/vitest"
import * as CountCheck from "@rookery/testkit/CountCheck"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { type Client, eventually, type Someone, withFront } from "./frontWorld.ts"
import * as Moderators from "./moderators.ts"

const seed = inject("oracleSeed")
/** At least, and until there are as many posts: by some seeds hardly anybody may write for long. */
const rounds = 60
const postsMin = 20
const roundsMax = 600
/** Things that happen at the same time. */
const atOnce = 5

interface World {
  readonly client: Client
  readonly people: ReadonlyArray<Someone>
  readonly moderator: Moderators.Moderator
  /** Of posts and wrappers, deleted ones too. */
  readonly ids: Array<string>
  readonly random: Seeded.Seeded
}

/** Refused or not: only what fails on our side is wrong. */
const attempt = ({ client, ids }: World, by: string, method: string, path: string, json: object = {}) =>
  Effect.map(client.call(method, path, { token: by, json }), ({ body, status, text }) => {
    assert.isBelow(status, 500, `seed ${seed}: ${method} ${path}: ${text}`)
    if (method === "POST" && status === 200 && (path.endsWith("statuses") || path.endsWith("/reblog"))) ids.push(body.id)
  })

/** What one of the people does, or a moderator, with chances that make sets grow. */
const step = (world: World) => {
  const { ids, moderator, people, random } = world
  const me = random.pick(people)
  const other = random.pick(people.filter((person) => person !== me))
  const id = ids.length === 0 ? "7" : random.pick(ids.slice(-20))
  const mine = (method: string, path: string, json?: object) => attempt(world, me.token, method, `/api/v1/${path}`, json)
  const kind = random.weighted({
    post: 5, reply: 6, reblog: 6, unreblog: 2, favourite: 8, unfavourite: 3, bookmark: 3, remove: 6, moderate: 4,
    follow: 8, unfollow: 3, block: 1, unblock: 2, dismiss: 1, lock: 1, unlock: 2, suspend: 1, unsuspend: 9
  })
  switch (kind) {
    case "post":
      return mine("POST", "statuses", { status: "here", visibility: random.pick(["public", "private"]) })
    case "reply":
      return mine("POST", "statuses", { status: "there", in_reply_to_id: id })
    case "remove":
      return mine("DELETE", `statuses/${id}`)
    case "moderate":
      return attempt(world, moderator.token, "DELETE", `/api/x/admin/posts/${id}`)
    case "suspend":
    case "unsuspend":
      return attempt(world, moderator.token, "POST", `/api/x/admin/accounts/${other.id}/${kind}`)
    case "lock":
    case "unlock":
      return mine("PATCH", "accounts/update_credentials", { locked: kind === "lock" })
    case "dismiss":
      return mine("POST", `accounts/${other.id}/remove_from_followers`)
    case "follow":
    case "unfollow":
    case "block":
    case "unblock":
      return mine("POST", `accounts/${other.id}/${kind}`)
    case "reblog":
    case "unreblog":
    case "favourite":
    case "unfavourite":
    case "bookmark":
      return mine("POST", `statuses/${id}/${kind}`)
  }
}

const following = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql`
    SELECT r.account, r.following, (SELECT count(*) FROM follows f WHERE f.follower = r.account AND f.active) AS there FROM readers r
    WHERE r.following <> (SELECT count(*) FROM follows f WHERE f.follower = r.account AND f.active)`)

/** What clients are shown is what is counted, as soon as copies are dropped. */
const shownRight = ({ client, ids, moderator }: World, sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const counted = yield* sql<{ id: string; counts: ReadonlyArray<number> }>`
      SELECT p.id::text AS id, ARRAY[coalesce(c.likes, 0), coalesce(c.reposts, 0), coalesce(c.replies, 0)] AS counts
      FROM posts p LEFT JOIN post_counts c ON c.post_id = p.id WHERE p.deleted_at IS NULL AND p.repost_of IS NULL`
    const byId = new Map(counted.map((row) => [row.id, row.counts]))
    const list: ReadonlyArray<{ id: string; favourites_count: number; reblogs_count: number; replies_count: number }> =
      yield* client.ok("GET", `/api/x/posts?ids=${ids.slice(-100).join(",")}`, { token: moderator.token })
    return list.every((status) =>
      !byId.has(status.id) ||
      JSON.stringify(byId.get(status.id)) === JSON.stringify([status.favourites_count, status.reblogs_count, status.replies_count]))
  })

describe("counters", () => {
  it.live(`equal their sets after whatever happens at once (seed ${seed})`, () =>
    withFront((client) =>
      Effect.gen(function*() {
        const people = yield* Effect.forEach(["ann", "bob", "cat", "dan", "eve"], (name) => client.signUp(name))
        const world: World = { client, people, moderator: yield* Moderators.make(client), ids: [], random: Seeded.make(seed) }
        const isEnough = (round: number) => round >= rounds && world.ids.length > postsMin
        for (let round = 0; !isEnough(round) && round < roundsMax; round++) {
          const steps = Array.from({ length: atOnce }, () => step(world))
          yield* Effect.all(steps, { concurrency: "unbounded" })
          assert.deepStrictEqual([yield* CountCheck.differences, yield* following], [[], []], `seed ${seed}, round ${round}`)
        }
        yield* eventually(shownRight(world, yield* SqlClient.SqlClient), (isRight) => isRight)
        assert.isAbove(world.ids.length, postsMin)
      })), 120_000)
})
