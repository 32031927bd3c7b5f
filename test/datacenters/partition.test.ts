/** What must hold while datacenters are parted, and when they meet again. */
import { assert, describe, it } from "@effect/vitest"
import type { PostId } from "@rookery/domain/Ids"
import type { Settings } from "@rookery/entities/Settings"
import { AccountStore } from "@rookery/store/AccountStore"
import { GossipStore } from "@rookery/store/GossipStore"
import { PostStore } from "@rookery/store/PostStore"
import { Effect, References } from "effect"
import { inject } from "vitest"
import { follow, homeOf, join, part, publish, reads, remove, until } from "./union/scene.ts"
import * as Seas from "./union/seas.ts"
import * as Union from "./union/union.ts"
import { agreement } from "./union/verify.ts"

const limitMillis = 180_000
const agreeMillis = 60_000

const scene = (people: number, settings: Partial<Settings> = {}, clocks: ReadonlyArray<number> = []) =>
  Effect.gen(function*() {
    const seas = yield* Seas.make({ postgresUrl: inject("postgresUrl"), seed: 1, datacenters: 3, twice: 0.5, heldMillis: 30, settings, clocks })
    const union = yield* Union.make(seas, people)
    yield* agreement(union, agreeMillis)
    return { seas, union, people: union.people, at: seas.all as [Seas.Datacenter, Seas.Datacenter, Seas.Datacenter] }
  })

const quietly = Effect.provideService(References.MinimumLogLevel, "Error")

const isHere = (at: Seas.Datacenter, id: PostId) =>
  at.run(Effect.map(Effect.flatMap(PostStore, (posts) => posts.byIds([id])), (found) => found.length === 1))

const statuses = (at: Seas.Datacenter, { id }: Union.Person) =>
  at.run(Effect.map(Effect.flatMap(AccountStore, (accounts) => accounts.byIds([id])), ([row]) => row?.statuses))

describe("parted datacenters", () => {
  it.live("a post that was deleted meanwhile never shows again anywhere: not after late announcements, reposts, a wiped stream or a restart", () =>
    Effect.gen(function*() {
      const { at: [east, west, south], people: [ann, bob, cat], seas, union } = yield* scene(3)
      yield* Effect.forEach([bob!, cat!], (reader) => follow(reader, ann!))
      yield* Effect.forEach([ann!, bob!], (author) => follow(cat!, author))
      yield* agreement(union, agreeMillis)
      const known = yield* publish(ann!, "known everywhere")
      yield* Effect.forEach([bob!, cat!], (reader) => reads(reader, known.id))
      part(seas, east, west)
      const late = yield* publish(ann!, "known in the south alone")
      yield* reads(cat!, late.id)
      const wrapper = yield* publish(cat!, "reposted", late.id)
      yield* remove(ann!, known.id)
      yield* remove(ann!, late.id)
      // Where nobody has heard of it yet it stands, and is shared on.
      assert.include(yield* homeOf(bob!), known.id)
      const shared = yield* publish(bob!, "shared", known.id)
      yield* seas.waters.wipe(east.name)
      join(seas, east, west)
      yield* agreement(union, agreeMillis)
      const gone: ReadonlyArray<PostId> = [known.id, late.id, wrapper.id, shared.id]
      for (const at of [east, west, south]) {
        for (const id of [known.id, late.id]) assert.isFalse(yield* isHere(at, id), `${id} in ${at.name}`)
      }
      // What was made of them is gone too, and counted by nobody.
      for (const at of [east, west, south]) {
        for (const author of [bob!, cat!]) yield* until("wrappers went with their original", Effect.map(statuses(at, author), (count) => count === 0))
      }
      yield* west.stop
      yield* west.start
      const last = yield* publish(ann!, "the last")
      for (const reader of [bob!, cat!]) {
        yield* reads(reader, last.id)
        for (const id of yield* homeOf(reader)) assert.notInclude(gone, id)
      }
    }).pipe(Effect.scoped, quietly), limitMillis)

  it.live("an author crosses the threshold in one of them while it is cut off: nobody misses a post or reads it twice", () =>
    Effect.gen(function*() {
      const readers = 18
      const { at: [east, west], people, seas, union } = yield* scene(readers + 3, { threshold: { promoteAt: 4, demoteShare: 0.7 } })
      const star = people[0]!
      const fans = people.slice(3).filter(({ home }) => home !== east)
      const [far, near] = [fans.filter(({ home }) => home === west), fans.filter(({ home }) => home !== west)]
      yield* Effect.forEach([far[0]!, far[1]!, near[0]!], (fan) => follow(fan, star))
      const first = yield* publish(star, "before")
      yield* reads(far[0]!, first.id)
      part(seas, east, west)
      // In the west the author becomes one that is pulled, by people whom no other datacenter knows of yet.
      yield* Effect.forEach(far, (fan) => follow(fan, star), { concurrency: 4 })
      const modeThere = Effect.map(west.life()!.client.describe(star.id), ({ mode }) => mode.mode)
      yield* until("the author is pulled in the west", Effect.map(modeThere, (mode) => mode === "pull"))
      const meanwhile = yield* Effect.forEach([1, 2, 3], (n) => publish(star, `meanwhile ${n}`))
      join(seas, east, west)
      const after = yield* publish(star, "after")
      yield* agreement(union, agreeMillis)
      const expected = [after, ...meanwhile.toReversed(), first].map((post) => post.id)
      for (const fan of far) {
        yield* reads(fan, after.id)
        assert.deepStrictEqual(yield* homeOf(fan), expected)
      }
      const modes = yield* Effect.forEach([east, west], (at) => Effect.map(at.life()!.client.describe(star.id), ({ mode }) => mode.mode))
      assert.deepStrictEqual(modes, ["push", "pull"])
      // And back: they leave while the two are parted again.
      part(seas, east, west)
      yield* Effect.forEach(far.slice(1), (fan) => follow(fan, star, false), { concurrency: 4 })
      yield* until("the author is pushed in the west", Effect.map(modeThere, (mode) => mode === "push"))
      const later = yield* publish(star, "later")
      join(seas, east, west)
      yield* reads(far[0]!, later.id)
      assert.deepStrictEqual(yield* homeOf(far[0]!), [later.id, ...expected])
      yield* agreement(union, agreeMillis)
    }).pipe(Effect.scoped, quietly), limitMillis)

  it.live("what was lost on the way is found, also of a datacenter whose clock is ten minutes ahead or behind", () =>
    Effect.gen(function*() {
      const { at: [east, west, south], people, seas, union } = yield* scene(3, {}, [0, 600_000, -600_000])
      const [ann, bob, cat] = people as [Union.Person, Union.Person, Union.Person]
      yield* Effect.forEach([bob, cat], (author) => follow(ann, author))
      yield* agreement(union, agreeMillis)
      for (const other of [west, south]) part(seas, east, other)
      const posts = [yield* publish(bob, "ahead"), yield* publish(cat, "behind")]
      // Both are told to the server before it loses them.
      yield* until("all is told", Effect.map(Effect.forEach([west, south], (at) => at.run(Effect.flatMap(GossipStore, (gossip) => gossip.backlog))), (left) =>
        left.every(({ rows }) => rows === 0)))
      for (const other of [west, south]) {
        yield* seas.waters.wipe(other.name)
        join(seas, east, other)
      }
      yield* agreement(union, agreeMillis)
      yield* Effect.forEach(posts, (post) => reads(ann, post.id))
    }).pipe(Effect.scoped, quietly), limitMillis)
})
