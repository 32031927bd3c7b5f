/** I9: whatever people do, each thing twice and all of it at once, everybody is told of each once, and everywhere the same. */
import { assert, describe, inject, it } from "@effect/vitest"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { type Client, eventually, type Someone, withFronts } from "./frontWorld.ts"
import * as Streams from "./streams.ts"

const seed = inject("oracleSeed")
const rounds = 25
const pageMax = 80
const names = ["ann", "bob", "cat", "dan"]

interface Notice {
  readonly id: string
  readonly type: string
  readonly account: { readonly id: string }
  readonly status?: { readonly id: string } | null
}

const byText = (a: string, b: string): number => a < b ? -1 : 1

const keyOf = ({ account, status, type }: Notice): string => `${type} ${account.id} ${status?.id ?? "-"}`

interface Person extends Someone {
  readonly name: string
  readonly sockets: ReadonlyArray<Streams.Reader>
  /** What they must have been told of, whatever came between; edits of what they reposted are not counted here. */
  readonly due: Set<string>
}

interface World {
  readonly fronts: ReadonlyArray<Client>
  readonly people: ReadonlyArray<Person>
  readonly posts: Array<{ readonly id: string; readonly author: Person }>
  readonly random: Seeded.Seeded
}

const join = ([here, there]: ReadonlyArray<Client>, name: string) =>
  Effect.gen(function*() {
    const someone = yield* here!.signUp(name)
    const sockets = yield* Effect.forEach([here!, there!], ({ base }) =>
      Streams.socket(base, "/api/v1/streaming?stream=user:notification", { token: someone.token }))
    return { ...someone, name, sockets, due: new Set<string>() }
  })

/** The same request to both fronts at once, under one key. */
const twice = ({ fronts, random }: World, by: Person, method: string, path: string, json: object = {}) => {
  const headers = { "idempotency-key": `key ${random.int(2 ** 30)}` }
  return Effect.map(
    Effect.forEach(fronts, (front) => front.ok(method, `/api/v1/${path}`, { token: by.token, json, headers }), { concurrency: "unbounded" }),
    ([answer]) => answer
  )
}

const note = (on: boolean, who: Person, key: string): void => {
  if (on) who.due.add(key)
  else who.due.delete(key)
}

/** One act of one person; what is decided by chance is decided before anything runs. */
const step = (world: World, me: Person) => {
  const { people, posts, random } = world
  const others = people.filter((person) => person !== me)
  const [on, other, post] = [random.chance(0.7), random.pick(others), random.pick(posts.filter(({ author }) => author !== me))]
  const kind = random.weighted({ favourite: 6, reblog: 5, follow: 4, mention: 4, edit: 3 })
  switch (kind) {
    case "favourite":
    case "reblog":
      note(on, post.author, `${kind} ${me.id} ${post.id}`)
      return twice(world, me, "POST", `statuses/${post.id}/${on ? kind : `un${kind}`}`)
    case "follow":
      note(on, other, `follow ${me.id} -`)
      return twice(world, me, "POST", `accounts/${other.id}/${on ? "follow" : "unfollow"}`)
    case "mention":
      return Effect.map(twice(world, me, "POST", "statuses", { status: `@${other.name} and @${other.name} again` }), ({ id }) => {
        other.due.add(`mention ${me.id} ${id}`)
        posts.push({ id, author: me })
      })
    case "edit": {
      const mine = random.pick(posts.filter(({ author }) => author === me))
      const text = `@${other.name} in edition ${random.int(2 ** 30)}`
      // Whoever was told stays told, also when the post does not mention them any more.
      other.due.add(`mention ${me.id} ${mine.id}`)
      return twice(world, me, "PUT", `statuses/${mine.id}`, { status: text })
    }
  }
}

const listed = ({ fronts }: World, { token }: Person): Effect.Effect<ReadonlyArray<Notice>> =>
  fronts[0]!.ok("GET", `/api/v1/notifications?limit=${pageMax}`, { token })

const idsHeard = (reader: Streams.Reader): ReadonlyArray<string> =>
  reader.received.filter(({ event }) => event === "notification").map(({ payload }): string => JSON.parse(payload).id)

const check = (world: World, person: Person) =>
  Effect.gen(function*() {
    const why = `seed ${seed}, ${person.name}`
    const shown = yield* listed(world, person)
    const keys = shown.map(keyOf)
    assert.strictEqual(new Set(keys).size, keys.length, `${why}: one for each actor, verb and object`)
    const told = keys.filter((key) => !key.startsWith("update "))
    assert.isBelow(shown.length, pageMax, "what is due fits a page")
    assert.deepStrictEqual(told.toSorted(byText), [...person.due].toSorted(byText), `${why}: what stands, and nothing that was taken back`)
    for (const socket of person.sockets) {
      yield* eventually(Effect.sync(() => idsHeard(socket)), (ids) => shown.every(({ id }) => ids.includes(id)))
      const ids = idsHeard(socket)
      assert.strictEqual(new Set(ids).size, ids.length, `${why}: no connection is told twice`)
    }
  })

describe("people", () => {
  it.live(`are told of each thing once, on every connection (seed ${seed})`, () =>
    withFronts(2, (fronts) =>
      Effect.scoped(Effect.gen(function*() {
        const people = yield* Effect.forEach(names, (name) => join(fronts, name))
        const world: World = { fronts, people, posts: [], random: Seeded.make(seed) }
        for (const author of people) world.posts.push({ id: (yield* fronts[0]!.post(author, "first")).id, author })
        for (let round = 0; round < rounds; round++) {
          yield* Effect.all(people.map((person) => step(world, person)), { concurrency: "unbounded" })
        }
        yield* Effect.forEach(people, (person) => check(world, person))
        assert.isAbove(people.reduce((sum, { due }) => sum + due.size, 0), 20)
      }))), 120_000)
})
