import { assert, layer } from "@effect/vitest"
import * as EntryBytes from "@rookery/domain/EntryBytes"
import type { AccountId, PostId } from "@rookery/domain/Ids"
import { type Post, visibilities, type Visibility } from "@rookery/domain/Post"
import { Effect } from "effect"
import type { AccountRow } from "../src/AccountStore.ts"
import { AuthorStore } from "../src/AuthorStore.ts"
import { PostStore } from "../src/PostStore.ts"
import { TimelineStore } from "../src/TimelineStore.ts"
import * as Database from "./database.ts"

const { follow, people, post } = Database

/** A small generator with a printed seed, so that a failure can be replayed. */
const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return Math.floor((state / 0x8000_0000) * below)
  }
}

const seed = Number(process.hrtime.bigint() & 0xffff_ffn)

interface World {
  readonly people: ReadonlyArray<AccountRow>
  readonly edges: Set<string>
  readonly posts: Map<PostId, Post>
  readonly disabled: Set<AccountId>
}

const edge = (a: AccountRow, b: AccountRow): string => `${a.id} ${b.id}`

const step = (world: World, pick: (below: number) => number) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const person = () => world.people[pick(world.people.length)]!
    const ids = [...world.posts.keys()]
    const roll = pick(10)
    const [one, other] = [person(), person()]
    if (roll < 3) {
      const active = !world.edges.has(edge(one, other))
      if ((yield* follow(one, other, active))._tag !== "Changed") return
      if (active) world.edges.add(edge(one, other))
      else world.edges.delete(edge(one, other))
      return
    }
    if (roll === 3 && ids.length > 0) {
      const gone = ids[pick(ids.length)]!
      yield* posts.remove(gone)
      world.posts.delete(gone)
      for (const each of world.posts.values()) if (each.repostOf === gone) world.posts.delete(each.id)
      return
    }
    const repostOf = roll === 4 && ids.length > 0 ? ids[pick(ids.length)]! : null
    const visibility: Visibility = repostOf === null ? visibilities[pick(4)]! : "public"
    const made = yield* Database.attempt(one, { visibility, repostOf })
    if (made._tag === "Published") world.posts.set(made.post.id, made.post)
  })

/** The plain join. */
const homeOf = (world: World, reader: AccountRow): ReadonlyArray<{ id: PostId; authorNo: number }> =>
  [...world.posts.values()].filter((each) => {
    if (each.author === reader.id) return true
    if (each.visibility === "direct" || world.disabled.has(each.author)) return false
    return world.edges.has(`${reader.id} ${each.author}`)
  }).filter((each) => {
    const inner = each.repostOf === null ? undefined : world.posts.get(each.repostOf)
    return each.repostOf === null || (inner !== undefined && !world.disabled.has(inner.author))
  }).sort((a, b) => a.id < b.id ? 1 : -1).map((each) => ({ id: each.id, authorNo: each.authorNo }))

const makeWorld = (size: number, steps: number, pick: (below: number) => number) =>
  Effect.gen(function*() {
    const world: World = { people: yield* people(size), edges: new Set(), posts: new Map(), disabled: new Set() }
    for (let i = 0; i < steps; i++) yield* step(world, pick)
    return world
  })

const all = { maxId: undefined, sinceId: 0n, minId: 0n, limit: 1_000 }

layer(Database.layer, { excludeTestServices: true })("TimelineStore", (it) => {
  it.effect(`pages of home timelines are the plain join (seed ${seed})`, () =>
    Effect.gen(function*() {
      const timelines = yield* TimelineStore
      const pick = random(seed)
      const world = yield* makeWorld(8, 250, pick)
      yield* Database.suspend(world.people[0]!)
      world.disabled.add(world.people[0]!.id)
      for (const reader of world.people) {
        const model = homeOf(world, reader)
        assert.deepStrictEqual(yield* timelines.homePage(reader.id, all), model)
        for (let i = 0; i < 10; i++) {
          const bound = () => model[pick(model.length)]?.id ?? 1n
          const [maxId, minId, sinceId, limit] = [bound(), bound(), bound(), 1 + pick(10)]
          const above = model.filter((entry) => entry.id > minId && entry.id < maxId)
          assert.deepStrictEqual(
            yield* timelines.homePage(reader.id, { maxId, minId, sinceId: 0n, limit }),
            above.slice(Math.max(0, above.length - limit))
          )
          assert.deepStrictEqual(
            yield* timelines.homePage(reader.id, { maxId, minId: 0n, sinceId, limit }),
            model.filter((entry) => entry.id > sinceId && entry.id < maxId).slice(0, limit)
          )
        }
      }
    }))

  it.effect(`windows hold everything at or above their floor (seed ${seed})`, () =>
    Effect.gen(function*() {
      const timelines = yield* TimelineStore
      const world = yield* makeWorld(8, 250, random(seed + 1))
      for (const [entriesMax, perAuthorMax] of [[800, 100], [20, 100], [20, 5], [800, 3]] as const) {
        const asked = world.people.map((person) => ({ reader: person.id, since: 0n }))
        const windows = yield* timelines.loadWindows(asked, entriesMax, perAuthorMax)
        assert.strictEqual(windows.length, world.people.length)
        for (const reader of world.people) {
          const window = windows.find((each) => each.reader === reader.id)!
          const model = homeOf(world, reader)
          const entries = EntryBytes.entriesOf(window.entries)
          assert.deepStrictEqual(entries, model.filter((entry) => entry.id >= window.floor))
          assert.isAtMost(entries.length, entriesMax)
          if (window.floor > 0n) assert.include(entries.map((entry) => entry.id), window.floor)
          const followees = world.people.filter((each) => world.edges.has(edge(reader, each)) || each === reader)
          assert.deepStrictEqual([...window.followees], followees.map((each) => each.no).sort((a, b) => a - b))
        }
      }
    }))

  it.effect("windows start at the id asked for, and know the version and the authors that are not pushed", () =>
    Effect.gen(function*() {
      const timelines = yield* TimelineStore
      const authors = yield* AuthorStore
      const [ann, bob] = yield* people(2)
      yield* follow(ann!, bob!)
      yield* post(bob!)
      const second = yield* post(bob!)
      const { row } = (yield* authors.setMode(bob!.id, 3, { mode: "both", heading: "pull", override: "auto" }))!
      const [window] = yield* timelines.loadWindows([{ reader: ann!.id, since: second.id }, { reader: 3n as AccountId, since: 0n }], 10, 10)
      assert.deepStrictEqual(EntryBytes.entriesOf(window!.entries), [{ id: second.id, authorNo: bob!.no }])
      assert.strictEqual(window?.floor, 0n)
      assert.deepStrictEqual(window?.modes, [{ author: bob!.id, authorNo: bob!.no, mode: "both", epoch: row.epoch }])
      assert.strictEqual(window?.followVersion, (yield* timelines.followVersions([ann!.id])).get(ann!.id))
    }))

  it.effect("pages of an author leave out what was not asked for", () =>
    Effect.gen(function*() {
      const timelines = yield* TimelineStore
      const [ann, bob] = yield* people(2)
      const theirs = yield* post(bob!)
      const plain = yield* post(ann!)
      const reply = yield* post(ann!, { replyTo: theirs.id })
      const thread = yield* post(ann!, { replyTo: plain.id })
      const repost = yield* post(ann!, { repostOf: theirs.id })
      const followersOnly = yield* post(ann!, { visibility: "private" })
      yield* post(ann!, { visibility: "direct" })
      const query = { ...all, excludeReplies: false, excludeReposts: false, includePrivate: false }
      const page = (change: Partial<typeof query>) => timelines.authorPage(ann!.id, { ...query, ...change })
      assert.deepStrictEqual(yield* page({}), [repost.id, thread.id, reply.id, plain.id])
      assert.deepStrictEqual(yield* page({ excludeReplies: true }), [repost.id, thread.id, plain.id])
      assert.deepStrictEqual(yield* page({ excludeReposts: true }), [thread.id, reply.id, plain.id])
      assert.strictEqual((yield* page({ includePrivate: true }))[0], followersOnly.id)
      assert.deepStrictEqual(yield* page({ minId: plain.id, limit: 2 }), [thread.id, reply.id])
      const asks = [{}, { limit: 1 }, { maxId: reply.id }, { sinceId: thread.id, includePrivate: true }, { onlyMedia: true }]
      const pages = yield* timelines.authorPages([
        ...asks.map((change) => ({ author: ann!.id, query: { ...query, ...change } })),
        { author: bob!.id, query: { ...query, excludeReplies: true } }
      ])
      assert.deepStrictEqual(pages.slice(0, 2), [[repost.id, thread.id, reply.id, plain.id], [repost.id]])
      assert.deepStrictEqual(pages.slice(2), [[plain.id], [followersOnly.id, repost.id], [], [theirs.id]])
      assert.deepStrictEqual(yield* timelines.authorPages([]), [])
      const newest = yield* timelines.newestOf([{ author: ann!.id, since: 0n }, { author: bob!.id, since: theirs.id + 1n }], 2)
      assert.deepStrictEqual(newest.get(ann!.id), [followersOnly.id, repost.id])
      assert.deepStrictEqual(newest.get(bob!.id), [])
    }))
})
