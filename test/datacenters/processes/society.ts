/**
 * People who signed up over HTTP, the oracle over the union beside them, and what nobody can know yet: a request that was refused with 503, or never
 * answered, may have been carried out or not, until its maker asks at home once all is well.
 */
import { AccountId, PostId } from "@rookery/domain/Ids"
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import * as People from "../people.ts"
import type { Ground } from "./ground.ts"
import { ask, type Request } from "./http.ts"

export interface Person {
  readonly id: AccountId
  readonly name: string
  readonly token: string
  readonly home: string
}

/** What may or may not have come to be. */
export interface Doubts {
  /** Numbers of planned posts, with what asks for each again. */
  readonly posts: Map<number, Drafted>
  readonly deletes: Set<PostId>
  /** Every text that a post may have now. */
  readonly texts: Map<PostId, Set<string>>
  /** Likes, as `account post`. */
  readonly likes: Set<string>
  /** Follows, mutes and blocks, as `account other`. */
  readonly relations: Set<string>
}

export interface Drafted {
  readonly by: Person
  readonly request: Request
  readonly post: Omit<Oracle.OraclePost, "id" | "deleted">
}

export interface Society {
  readonly ground: Ground
  readonly oracle: Oracle.Oracle
  /** Those of the plan, by their numbers there. */
  readonly people: ReadonlyArray<Person>
  /** One in each datacenter who follows everybody, is nobody's business, and looks on. */
  readonly watchers: ReadonlyArray<Person>
  /** Id of each planned post; undefined when it never came to be, or nobody knows. */
  readonly posts: Array<PostId | undefined>
  readonly doubts: Doubts
  /** Pairs between which there was a block, or one of whom answered the other: what came of a follow or a like is its home's to say. */
  readonly contested: Set<string>
  /** Accounts that were locked at any time. */
  readonly locked: Set<bigint>
  /** Pairs one of whom muted the other at any time: what they were told of each other hangs on when. */
  readonly quiet: Set<string>
  /** Whoever waits for an answer does nothing else. */
  readonly busy: Set<Person>
  /** How requests went, by operation and outcome. */
  readonly done: Record<string, number>
  /** The longest that anybody waited for an answer, in milliseconds. */
  slowestMillis: number
}

export const pairOf = (one: bigint, other: bigint): string => one < other ? `${one} ${other}` : `${other} ${one}`

/** A token of the program in each datacenter, which signs people up. */
export const programs = (ground: Ground) =>
  Effect.map(
    Effect.forEach(ground.names, (name) =>
      Effect.map(People.program(ground.datacenter(name).frontsUrl), (token) => [name, token] as const), { concurrency: 3 }),
    (tokens) => new Map(tokens)
  )

const join = (ground: Ground, tokens: ReadonlyMap<string, string>, home: string, name: string) =>
  Effect.map(People.join(ground.datacenter(home).frontsUrl, name, tokens.get(home)!), ({ id, token }): Person =>
    ({ id: AccountId.make(BigInt(id)), name, token, home }))

/** So many people, in turn in each datacenter. `run` begins their names. */
export const make = (ground: Ground, tokens: ReadonlyMap<string, string>, run: string, people: number) =>
  Effect.gen(function*() {
    const { names } = ground
    const joining = (home: string, name: string) => join(ground, tokens, home, name)
    const everyone = yield* Effect.forEach(Array.from({ length: people }, (_, n) => n), (n) =>
      joining(names[n % names.length]!, `${run}_${n}`), { concurrency: 3 })
    const watchers = yield* Effect.forEach(names, (name) => joining(name, `${run}_in_${name}`), { concurrency: 3 })
    const oracle = Oracle.make()
    for (const { id } of [...everyone, ...watchers]) Oracle.addAccount(oracle, id)
    const society: Society = {
      ground,
      oracle,
      people: everyone,
      watchers,
      posts: [],
      doubts: { posts: new Map(), deletes: new Set(), texts: new Map(), likes: new Set(), relations: new Set() },
      contested: new Set(),
      locked: new Set(),
      quiet: new Set(),
      busy: new Set(),
      done: {},
      slowestMillis: 0
    }
    yield* acquaint(society)
    return society
  })

/** Everybody is known everywhere, and followed by all watchers, before anything goes wrong. */
const acquaint = (society: Society) =>
  Effect.forEach(society.watchers, (watcher) =>
    Effect.forEach(society.people, (person) =>
      Effect.gen(function*() {
        yield* People.soon(`${watcher.home} knows ${person.name}`, Effect.flatMap(
          ask(society.ground, watcher.home, { path: `/api/v1/accounts/${person.id}/follow`, method: "POST", token: watcher.token }),
          ({ json, status }) => status === 200 ? Effect.void : Effect.fail(new Error(`${status} ${JSON.stringify(json)}`))
        ))
        Oracle.setFollow(society.oracle, watcher.id, person.id, true)
      }), { concurrency: 4, discard: true }), { concurrency: 3, discard: true })

/** Most go to a front near them, the others to any. */
export const viaOf = ({ ground }: Society, person: Person, random: Seeded): string =>
  random.chance(0.5) ? person.home : random.pick(ground.names)

/** A request of that person at a front of `via`. A valid token is never called invalid, whatever is away. */
export const asPerson = (society: Society, person: Person, via: string, request: Request) =>
  Effect.gen(function*() {
    const answer = yield* ask(society.ground, via, { ...request, home: person.home, token: person.token })
    society.slowestMillis = Math.max(society.slowestMillis, Math.round(answer.millis))
    if (answer.status === 401) yield* broken("a token is good at every front", { person: person.name, home: person.home, via, answer })
    return answer
  })

/** What a person reads; fails while it cannot be had in full. */
export const read = <A>(society: Society, person: Person, via: string, path: string) =>
  Effect.flatMap(asPerson(society, person, via, { path: `/api/v1${path}` }), (answer): Effect.Effect<A, Error> =>
    answer.status === 200 && !answer.isForAnybody
      ? Effect.succeed(answer.json as A)
      : broken("after healing everything can be read", { person: person.name, via, path, status: answer.status, json: answer.json }))

/** Every entry of a list that is paged by ids, newest first. */
export const readAll = <A extends { readonly id: string }>(society: Society, person: Person, via: string, path: string, limitOf: () => number) =>
  Effect.gen(function*() {
    const all: Array<A> = []
    for (;;) {
      const limit = limitOf()
      const below = all.length === 0 ? "" : `&max_id=${all.at(-1)!.id}`
      const page = yield* read<ReadonlyArray<A>>(society, person, via, `${path}${path.includes("?") ? "&" : "?"}limit=${limit}${below}`)
      all.push(...page)
      if (page.length < limit) return all
    }
  })

export const publishIn = (society: Society, number: number, id: PostId, post: Drafted["post"]): void => {
  society.doubts.posts.delete(number)
  society.posts[number] = id
  if (!society.oracle.posts.has(id)) Oracle.publish(society.oracle, { ...post, id })
}

export const postIdOf = (json: unknown): PostId => PostId.make(BigInt((json as { readonly id: string }).id))
