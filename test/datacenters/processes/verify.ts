/** What must hold once all is well, as people see it over HTTP: every timeline, counter, relation and notice is the oracle's over the union. */
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import { relationsOf } from "./doubt.ts"
import { ask } from "./http.ts"
import * as Notices from "./notices.ts"
import { type Person, read, readAll, type Society } from "./society.ts"
import { type Status, textIn } from "./status.ts"

const anyFront = ({ ground }: Society, random: Seeded): string => random.pick(ground.names)

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

const describe = (society: Society, ids: ReadonlyArray<string>) => ids.slice(0, 5).map((id) => society.oracle.posts.get(BigInt(id)) ?? id)

const differ = (society: Society, expected: ReadonlyArray<string>, actual: ReadonlyArray<string>) => ({
  missing: describe(society, expected.filter((id) => !actual.includes(id))),
  tooMuch: describe(society, actual.filter((id) => !expected.includes(id))),
  expected: expected.length,
  actual: actual.length
})

/** Content and counters, wherever a post is shown. */
const isAsWritten = (society: Society, at: string, status: Status) => {
  const shown = status.reblog ?? status
  const id = BigInt(shown.id)
  const { text } = society.oracle.posts.get(id)!
  const { likes, replies, reposts } = Oracle.postCounts(society.oracle, id)
  const expected = { text, likes, reposts, replies }
  const actual = { text: textIn(shown), likes: shown.favourites_count, reposts: shown.reblogs_count, replies: shown.replies_count }
  return same(expected, actual) ? Effect.void : broken("a post reads as last edited, and its counters are its sets (I5, I10)", { at, id, expected, actual })
}

/** The whole home timeline, in pages of any size, through any front. */
const home = (society: Society, person: Person, random: Seeded) =>
  Effect.gen(function*() {
    const via = anyFront(society, random)
    const expected = Oracle.home(society.oracle, person.id).map(String)
    const statuses = yield* readAll<Status>(society, person, via, "/timelines/home", () => 1 + random.int(random.chance(0.5) ? 40 : 9))
    const actual = statuses.map(({ id }) => id)
    if (!same(expected, actual)) {
      yield* broken("a home timeline is the union's (I2, I7, I8)", { reader: person.name, home: person.home, via, ...differ(society, expected, actual) })
    }
    yield* Effect.forEach(statuses, (status) => isAsWritten(society, person.home, status), { discard: true })
  })

const relations = (society: Society, person: Person, random: Seeded) =>
  Effect.flatMap(relationsOf(society, person, anyFront(society, random)), (all) =>
    Effect.forEach(all, ({ blocked_by, blocking, followed_by, following, id, muting }) => {
      const { blocks, follows, mutes } = society.oracle
      const other = BigInt(id)
      const expected = {
        following: follows.get(person.id)!.has(other),
        followed_by: follows.get(other)!.has(person.id),
        blocking: blocks.get(person.id)!.has(other),
        blocked_by: blocks.get(other)!.has(person.id),
        muting: mutes.get(person.id)!.has(other)
      }
      const actual = { following, followed_by, blocking, blocked_by, muting }
      return same(expected, actual) ? Effect.void : broken("two homes agree on what their people are to each other (I5)", {
        home: person.home, person: person.id, other: id, expected, actual
      })
    }, { discard: true }))

interface Account {
  readonly followers_count: number
  readonly following_count: number
  readonly statuses_count: number
  readonly locked: boolean
}

const numbers = ({ followers_count: followers, following_count: following, statuses_count: statuses }: Account) => ({ followers, following, statuses })

/** An author as the watcher sees them: numbers, and every post for the public or for followers. */
const author = (society: Society, watcher: Person, person: Person) =>
  Effect.gen(function*() {
    const { home: at } = watcher
    const account = yield* read<Account>(society, watcher, at, `/accounts/${person.id}`)
    const [expected, actual] = [Oracle.accountCounts(society.oracle, person.id), numbers(account)]
    if (!same(expected, actual)) yield* broken("an account's counters are its sets (I5, I10)", { at, person: person.id, expected, actual })
    const timeline = Oracle.authorTimeline(society.oracle, person.id, { excludeReplies: false, excludeReposts: false, includePrivate: true }).map(String)
    const statuses = yield* readAll<Status>(society, watcher, at, `/accounts/${person.id}/statuses`, () => 40)
    const ids = statuses.map(({ id }) => id)
    if (!same(timeline, ids)) yield* broken("an author's posts are the same everywhere (I5)", { at, person: person.id, ...differ(society, timeline, ids) })
    yield* Effect.forEach(statuses, (status) => isAsWritten(society, at, status), { discard: true })
    return account.locked
  })

const endsMax = 20

/** Posts that ended are nowhere. */
const ends = (society: Society, watcher: Person) =>
  Effect.forEach([...society.oracle.posts.values()].filter(({ deleted }) => deleted).slice(-endsMax), ({ id }) =>
    Effect.flatMap(ask(society.ground, watcher.home, { path: `/api/v1/statuses/${id}`, token: watcher.token }), ({ json, status }) =>
      status === 404 ? Effect.void : broken("a deleted post stays deleted (I3)", { at: watcher.home, id, status, json })), {
    concurrency: 4,
    discard: true
  })

const authors = (society: Society) =>
  Effect.gen(function*() {
    const { people, watchers } = society
    const locks = yield* Effect.forEach(watchers, (watcher) =>
      Effect.forEach(people, (person) => author(society, watcher, person), { concurrency: 4 }), { concurrency: 3 })
    if (locks.some((seen) => !same(seen, locks[0]))) yield* broken("all agree on who is locked (I5)", { locks })
  })

/** Fails with the first difference. */
export const verify = (society: Society, random: Seeded) =>
  Effect.gen(function*() {
    const everybody = [...society.people, ...society.watchers]
    yield* Effect.forEach(everybody, (person) =>
      Effect.gen(function*() {
        const own = random.fork()
        yield* relations(society, person, own)
        yield* home(society, person, own)
        yield* Notices.verify(society, person, anyFront(society, own))
      }), { concurrency: 4, discard: true })
    yield* authors(society)
    yield* Effect.forEach(society.watchers, (watcher) => ends(society, watcher), { discard: true })
  })
