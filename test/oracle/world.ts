/** A random run's people and posts, the oracle beside them, and the checks that hold while everything moves. */
import { defaultThreshold, type Override, type Threshold } from "@rookery/domain/FanoutMode"
import { AccountId, type PostId } from "@rookery/domain/Ids"
import type { Post } from "@rookery/domain/Post"
import type { PageQuery } from "@rookery/domain/TimelinePage"
import type * as Client from "@rookery/testkit/Client"
import * as Oracle from "@rookery/testkit/Oracle"
import { IdSource } from "@rookery/store/IdSource"
import { AccountStore } from "@rookery/store/AccountStore"
import { Effect, Semaphore } from "effect"

export interface Someone extends Client.Person {
  /** Posts that this person has read in the home timeline, with their authors: none may go missing later. */
  readonly seen: Map<bigint, bigint>
}

export interface World {
  readonly client: Client.Client
  readonly oracle: Oracle.Oracle
  readonly people: ReadonlyArray<Someone>
  /** Id of each planned post, once it is there. */
  readonly posts: Array<PostId | undefined>
  /** Posts whose deletion was asked for: readers may or may not see them until it is acknowledged. */
  readonly leaving: Set<bigint>
  /** What was set by hand, once it is acknowledged. */
  readonly overrides: Map<bigint, Override>
  /** When authors are pulled; as the cluster is set. */
  readonly threshold: Threshold
  /** Pairs whose relation is being changed, and (the latest last) whose was: what was read meanwhile proves nothing about them. */
  readonly changing: Set<string>
  readonly changed: Array<string>
  /** One operation at a time on each pair, since its outcome depends on what the two are to each other. */
  readonly pairs: Map<string, Semaphore.Semaphore>
  /** Distinguishes this run's request keys. */
  readonly run: string
}

/** A broken promise, with what is needed to understand it. */
export class Broken extends Error {
  override readonly name = "Broken"
  constructor(promise: string, detail: Readonly<Record<string, unknown>>) {
    super(`${promise}\n${JSON.stringify(detail, (_, value) => typeof value === "bigint" ? String(value) : value, 2)}`)
  }
}

export const broken = (promise: string, detail: Readonly<Record<string, unknown>>): Effect.Effect<never, Broken> =>
  Effect.fail(new Broken(promise, detail))

const createPerson = (client: Client.Client, run: string, n: number) =>
  Effect.gen(function*() {
    const accounts = yield* AccountStore
    const id = AccountId.make(yield* (yield* IdSource).mint)
    const row = yield* accounts.create({
      id,
      shard: client.directory.shardOf(String(id)),
      username: `${run}_${n}`,
      email: null,
      passwordHash: null,
      admin: false
    })
    if (typeof row === "string") return yield* broken("a fresh name is free", { n, taken: row })
    return { id, no: row.no, seen: new Map<bigint, bigint>() }
  })

export const make = (client: Client.Client, run: string, people: number, threshold = defaultThreshold) =>
  Effect.gen(function*() {
    const oracle = Oracle.make()
    const everyone = yield* Effect.forEach(Array.from({ length: people }, (_, n) => n), (n) => createPerson(client, run, n))
    for (const person of everyone) Oracle.addAccount(oracle, person.id)
    const world: World = {
      client,
      oracle,
      people: everyone,
      posts: [],
      leaving: new Set(),
      overrides: new Map(),
      threshold,
      changing: new Set(),
      changed: [],
      pairs: new Map(),
      run
    }
    return world
  })

export const pairOf = (one: bigint, other: bigint): string => one < other ? `${one} ${other}` : `${other} ${one}`

/** Runs what depends on, or changes, what two people are to each other. */
export const withPair = <A, E, R>(world: World, one: bigint, other: bigint, effect: Effect.Effect<A, E, R>) => {
  const pair = pairOf(one, other)
  const lock = world.pairs.get(pair) ?? Semaphore.makeUnsafe(1)
  world.pairs.set(pair, lock)
  return lock.withPermits(1)(effect)
}

/** The same for a change, which is doubtful to all who read until it ends. */
export const changingPair = <A, E, R>(world: World, one: bigint, other: bigint, change: Effect.Effect<A, E, R>) => {
  const pair = pairOf(one, other)
  return withPair(world, one, other, Effect.acquireUseRelease(
    Effect.sync(() => void world.changing.add(pair)),
    () => change,
    () =>
      Effect.sync(() => {
        world.changing.delete(pair)
        world.changed.push(pair)
      })
  ))
}

const isLeaving = (world: World, id: bigint): boolean => {
  if (world.leaving.has(id)) return true
  const original = world.oracle.posts.get(id)?.repostOf
  return original !== null && original !== undefined && world.leaving.has(original)
}

const inRange = (query: PageQuery, id: bigint): boolean =>
  (query.maxId === undefined || id < query.maxId) && id > query.sinceId && id > query.minId

/** The part of the query's range that a page answers for: all of it when the page is short. */
const covers = (query: PageQuery, page: ReadonlyArray<Post>, id: bigint): boolean => {
  if (!inRange(query, id)) return false
  if (page.length < query.limit) return true
  return query.minId > 0n ? id <= page[0]!.id : id >= page.at(-1)!.id
}

/** What is wrong with a page in itself: its order, its bounds, whom it shows. `gone` are the posts deleted before it was asked for. */
const flaw = (world: World, reader: Someone, query: PageQuery, page: ReadonlyArray<Post>, gone: ReadonlySet<bigint>, doubtful: ReadonlySet<string>): string | undefined => {
  if (page.length > query.limit) return "a page holds its limit at most"
  for (const [n, post] of page.entries()) {
    if (n > 0 && post.id >= page[n - 1]!.id) return "a page has each post once, newest first (I2)"
    if (!inRange(query, post.id)) return "a page stays within its bounds (I7)"
    if (gone.has(post.id) || (post.repostOf !== null && gone.has(post.repostOf))) return "a deleted post stays deleted (I3)"
    const authors = Oracle.authorsOf(world.oracle, world.oracle.posts.get(post.id) ?? { ...post, deleted: false })
    if (authors.some((author) => doubtful.has(pairOf(reader.id, author)))) continue
    if (authors.some((author) => Oracle.isHidden(world.oracle, reader.id, author))) return "nobody blocked or muted is in a timeline (I4)"
    if (post.author === reader.id) continue
    if (!world.oracle.follows.get(reader.id)!.has(post.author)) return "only followed authors are in a timeline (I4)"
    if (post.visibility === "direct") return "a direct post is nobody else's"
  }
  return undefined
}

/** Whether a post that was read once must still be there: a block by its author may have ended the follow. */
const isDue = (world: World, reader: Someone, id: bigint, doubtful: ReadonlySet<string>): boolean => {
  const post = world.oracle.posts.get(id)
  if (post === undefined) return true
  const isDoubtful = Oracle.authorsOf(world.oracle, post).some((author) => doubtful.has(pairOf(reader.id, author)))
  return !isDoubtful && Oracle.isEntitled(world.oracle, reader.id, post)
}

/** Reads one page and checks it against what this reader knows. Others may be writing meanwhile. */
export const readPage = (world: World, reader: Someone, query: PageQuery) =>
  Effect.gen(function*() {
    const gone = new Set([...world.oracle.posts.values()].filter((post) => post.deleted).map((post) => post.id))
    const changing = [...world.changing]
    const changed = world.changed.length
    const page = yield* world.client.home(reader, query)
    const doubtful = new Set([...changing, ...world.changing, ...world.changed.slice(changed)])
    const ids = page.map((post) => post.id as bigint)
    const found = flaw(world, reader, query, page, gone, doubtful)
    if (found !== undefined) return yield* broken(found, { reader: reader.id, query, ids, authors: page.map((post) => post.author) })
    for (const id of reader.seen.keys()) {
      if (covers(query, page, id) && !ids.includes(id) && !isLeaving(world, id) && isDue(world, reader, id, doubtful)) {
        return yield* broken("what was read once is read again (I6)", { reader: reader.id, query, ids, missing: id, post: world.oracle.posts.get(id) })
      }
    }
    for (const post of page) reader.seen.set(post.id, post.author)
    return page
  })
