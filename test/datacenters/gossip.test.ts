/** Two complete datacenters, short: what people do in one is seen in the other, also after a cut, and after a stream was lost. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import * as EventStream from "./eventStream.ts"
import * as People from "./people.ts"
import { cut, heal, metric, runnerOf, world } from "./two.ts"

const { at, soon, until } = People

const startMillis = 200_000

const ids = (statuses: ReadonlyArray<People.Status>) => statuses.map((status) => status.id)

/** A status as somebody's home timeline shows it. */
const inHome = (reader: People.Person, id: string) =>
  Effect.flatMap(at(reader).home, (home) => {
    const found = home.find((status) => status.id === id)
    return found === undefined ? Effect.fail(new Error(`it shows ${ids(home).join(", ")}`)) : Effect.succeed(found)
  })

const seen = (reader: People.Person, id: string, holds: (status: People.Status) => boolean = () => true) =>
  until(`${reader.name} sees ${id} at home`, inHome(reader, id), holds)

const gone = (reader: People.Person, id: string) =>
  until(`${id} is gone from ${reader.name}'s home`, at(reader).home, (home) => !ids(home).includes(id))

const counts = (reader: People.Person, id: string, expected: readonly [likes: number, reposts: number, replies: number]) =>
  until(
    `${reader.name} sees ${expected.join("/")} likes, reposts, replies of ${id}`,
    at(reader).api<People.Status>(`/statuses/${id}`),
    (status) => String([status.favourites_count, status.reblogs_count, status.replies_count]) === String(expected)
  )

const known = (viewer: People.Person, other: People.Person) =>
  soon(`${viewer.name}'s home knows ${other.name}`, at(viewer).api<{ readonly id: string }>(`/accounts/lookup?acct=${other.name}`))

describe("two datacenters", () => {
  it.live("show each other's posts, edits, ends, counters and notices, and agree after a cut and a lost stream", () =>
    Effect.scoped(Effect.gen(function*() {
      const datacenters = yield* world
      const [east, west] = [datacenters.datacenter("east"), datacenters.datacenter("west")]
      const ann = yield* soon("sign-up in the east", People.signUp(east.frontsUrl, "ann"))
      const bob = yield* soon("sign-up in the west", People.signUp(west.frontsUrl, "bob"))
      yield* known(bob, ann)
      yield* known(ann, bob)

      // A follow crosses, and is told of where it belongs.
      yield* at(bob).follow(ann.id)
      yield* until("ann is told of the follow", at(ann).notifications, (list) =>
        list.some((notice) => notice.type === "follow" && notice.account.id === bob.id))
      yield* until("ann has a follower", at(ann).api<{ readonly followers_count: number }>(`/accounts/${ann.id}`), (account) => account.followers_count === 1)

      // A post comes with its content; a reply, a like and a repost from the other side are counted on both.
      const first = yield* at(ann).post("hello @bob, over the ocean")
      const shown = yield* seen(bob, first.id)
      assert.include(shown.content, "over the ocean")
      assert.strictEqual(shown.account.username, "ann")
      yield* until("bob is told of the mention", at(bob).notifications, (list) => list.some((notice) => notice.type === "mention"))
      const liked = yield* at(bob).like(first.id)
      assert.include(liked.content, "over the ocean")
      yield* at(bob).repost(first.id)
      const reply = yield* at(bob).post("@ann good morning", { in_reply_to_id: first.id })
      for (const reader of [ann, bob]) yield* counts(reader, first.id, [1, 1, 1])
      yield* until("ann is told of like, repost and reply", at(ann).notifications, (list) =>
        ["favourite", "reblog", "mention"].every((type) => list.some((notice) => notice.type === type)))

      // An edit and an end.
      yield* at(ann).edit(first.id, "hello @bob, edited")
      yield* seen(bob, first.id, (status) => status.content.includes("edited"))
      const second = yield* at(ann).post("not for long")
      yield* seen(bob, second.id)
      yield* at(ann).remove(second.id)
      yield* gone(bob, second.id)
      assert.strictEqual((yield* at(bob).status(second.id)).status, 404)

      // Cut: both sides go on, and agree when it is healed. What was announced and never read is left out, and no page waits for it.
      const announced = metric(runnerOf(west), 'rookery_gossip_applied_total{datacenter="east"}')
      const count = yield* announced
      const unread = yield* at(ann).post("announced, not read")
      yield* until("the west has the announcement", announced, (facts) => facts > count)
      yield* cut(datacenters)
      const page = yield* at(bob).home
      assert.include(ids(page), first.id)
      assert.notInclude(ids(page), unread.id)
      const third = yield* at(ann).post("while cut off")
      yield* at(ann).remove(first.id)
      yield* at(ann).like(reply.id)
      const far = yield* at(bob).post("nobody in the east hears this yet")
      assert.notInclude(ids(yield* at(bob).home), third.id)
      yield* heal(datacenters)
      assert.include((yield* seen(bob, third.id)).content, "while cut off")
      assert.include((yield* seen(bob, unread.id)).content, "announced, not read")
      yield* gone(bob, first.id)
      yield* counts(bob, reply.id, [1, 0, 0])
      yield* soon("the east knows bob's post", Effect.flatMap(at(ann).status(far.id), ({ status }) =>
        status === 200 ? Effect.void : Effect.fail(new Error(`${status}`))))

      // Announced while its owner cannot be asked for the content: an open stream goes on, and brings it once it can be had.
      const heard = yield* listen(bob)
      yield* Effect.sync(() => datacenters.network.cut("west", "east", true))
      const counted = yield* announced
      const owed = yield* at(ann).post("announced, and owed")
      yield* until("the west has the announcement", announced, (facts) => facts > counted)
      const near = yield* at(bob).post("from the same datacenter")
      yield* until("bob's stream goes on", Effect.sync(() => heard), (list) => list.includes(near.id))
      assert.notInclude(heard, owed.id)
      yield* heal(datacenters)
      yield* until("bob's stream brings what it owed", Effect.sync(() => heard), (list) => list.includes(owed.id))
      assert.lengthOf(heard.filter((id) => id === owed.id), 1)

      // A stream that is lost with what nobody had read.
      const repaired = metric(runnerOf(west), 'rookery_gossip_repaired_total{datacenter="east",kind="posts"}')
      const told = metric(runnerOf(east), 'rookery_gossip_shipped_total{to="all"}')
      yield* west.stopNats
      const before = yield* told
      const lost = yield* at(ann).post("lost on the way")
      yield* at(ann).remove(third.id)
      // The announcement, the end, and the numbers that both change.
      yield* until("the east's stream has it", told, (facts) => facts >= before + 3)
      yield* east.stopNats
      yield* east.wipeNats
      yield* east.startNats
      yield* west.startNats
      assert.include((yield* seen(bob, lost.id)).content, "lost on the way")
      yield* gone(bob, third.id)
      assert.isAbove(yield* repaired, 0)

      // With a second reader there her posts come with their contents: a cut right after changes nothing.
      const cid = yield* soon("sign-up of a second reader", People.signUp(west.frontsUrl, "cid"))
      yield* at(cid).follow(ann.id)
      const ahead = metric(runnerOf(west), "rookery_content_ahead_total")
      const popular = yield* soon("a post is fetched ahead", Effect.gen(function*() {
        const fetched = yield* ahead
        const made = yield* at(ann).post("read by many")
        yield* until("its content is fetched", ahead, (now) => now > fetched, 5)
        return made
      }), 100)
      yield* cut(datacenters)
      assert.include((yield* seen(bob, popular.id)).content, "read by many")
    })), startMillis)
})

/** Ids of what the reader's resumable stream brings from now on, until the scope ends. */
const listen = (reader: People.Person) =>
  Effect.gen(function*() {
    const heard: Array<string> = []
    const opened = yield* Deferred.make<void>()
    const abort = new AbortController()
    yield* Effect.addFinalizer(() => Effect.sync(() => abort.abort()))
    const reading = EventStream.read(reader.frontsUrl, {
      token: reader.token,
      cursor: undefined,
      signal: abort.signal,
      onOpen: () => Deferred.doneUnsafe(opened, Effect.void),
      take: ({ data, event }) => void (event === "update" && heard.push((JSON.parse(data) as People.Status).id))
    })
    reading.catch(() => {})
    yield* Deferred.await(opened)
    return heard
  })
