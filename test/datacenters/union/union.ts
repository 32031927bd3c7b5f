/**
 * People of all datacenters and what they do, with the oracle over the union beside them: each acts where its home is, on what has come
 * there. What two datacenters changed at once has one writer each, but an outcome that hangs on the order of arrival: such a record
 * is read at its writer's home once all is told, and held against the rules.
 */
import { AccountId, type PostId } from "@rookery/domain/Ids"
import { AccountStore } from "@rookery/store/AccountStore"
import { IdSource } from "@rookery/store/IdSource"
import { PostStore } from "@rookery/store/PostStore"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { newest } from "../../oracle/perform.ts"
import type { Operation } from "../../oracle/plan.ts"
import { broken } from "../../oracle/world.ts"
import type { Datacenter, Seas } from "./seas.ts"

export interface Person {
  readonly id: AccountId
  readonly no: number
  readonly home: Datacenter
}

export interface Union {
  readonly seas: Seas
  readonly oracle: Oracle.Oracle
  readonly people: ReadonlyArray<Person>
  /** Id of each planned post; undefined when it never came to be. */
  readonly posts: Array<PostId | undefined>
  /** Pairs between which there was a block, or one of whom was locked: what came of a follow or a like is its writer's to say. */
  readonly contested: Set<string>
  /** Accounts that were locked at any time: so is every follow of theirs. */
  readonly locked: Set<bigint>
  readonly done: Record<string, number>
}

export const pairOf = (one: bigint, other: bigint): string => one < other ? `${one} ${other}` : `${other} ${one}`

const createPerson = (home: Datacenter, name: string) =>
  Effect.flatMap(home.run(Effect.gen(function*() {
    const id = AccountId.make(yield* (yield* IdSource).mint)
    const shard = home.life()!.client.directory.shardOf(String(id))
    const row = yield* (yield* AccountStore).create({ id, shard, username: name, email: null, passwordHash: null, admin: false })
    return row
  })), (row): Effect.Effect<Person, Error> =>
    typeof row === "string" ? broken("a fresh name is free", { name }) : Effect.succeed({ id: row.id, no: row.no, home }))

/** So many people, in turn in each datacenter. */
export const make = (seas: Seas, people: number) =>
  Effect.gen(function*() {
    const oracle = Oracle.make()
    const everyone = yield* Effect.forEach(Array.from({ length: people }, (_, n) => n), (n) =>
      createPerson(seas.all[n % seas.all.length]!, `person_${n}`))
    for (const { id } of everyone) Oracle.addAccount(oracle, id)
    const union: Union = { seas, oracle, people: everyone, posts: [], contested: new Set(), locked: new Set(), done: {} }
    return union
  })

type Of<Tag extends Operation["_tag"]> = Extract<Operation, { readonly _tag: Tag }>

/** Whether these posts have come to the actor's home, and are not gone there. */
const areHere = (home: Datacenter, ids: ReadonlyArray<PostId>) =>
  home.run(Effect.map(Effect.flatMap(PostStore, (posts) => posts.byIds(ids)), (found) => found.length === ids.length))

const isKnown = (home: Datacenter, id: AccountId) =>
  home.run(Effect.map(Effect.flatMap(AccountStore, (accounts) => accounts.byIds([id])), ([row]) => row !== undefined && !row.username.startsWith("#")))

const idOf = (union: Union, post: number | null): PostId | null | undefined => post === null ? null : union.posts[post]

const publish = (union: Union, { by, post: number, replyTo, repostOf, visibility }: Of<"Publish">) =>
  Effect.gen(function*() {
    const { home, id: author } = union.people[by]!
    const about = [idOf(union, replyTo), idOf(union, repostOf)] as const
    if (about.includes(undefined)) return
    if (!(yield* areHere(home, about.filter((id): id is PostId => typeof id === "bigint")))) return
    const draft = { text: repostOf === null ? `post ${number}` : "", spoiler: "", sensitive: false, visibility, language: null }
    const made = yield* home.life()!.client.publish(author, `union:${number}`, { ...draft, replyTo: about[0]!, repostOf: about[1]! })
    if (!union.oracle.posts.has(made.id)) Oracle.publish(union.oracle, { ...made, replyTo: about[0]!, repostOf: about[1]! })
    union.posts[number] = made.id
    const [first] = yield* home.life()!.client.home(union.people[by]!, { ...newest(1), maxId: made.id + 1n })
    const isShown = repostOf === null
    if (isShown && first?.id !== made.id) return yield* broken("one's own post is in one's timeline at once (I6)", { author, post: made.id })
  })

const follow = (union: Union, { by, followee, following }: Of<"Follow">) =>
  Effect.gen(function*() {
    const [reader, other] = [union.people[by]!, union.people[followee]!]
    if (!(yield* isKnown(reader.home, other.id))) return
    yield* reader.home.life()!.client.setFollow(reader.id, other.id, following)
    Oracle.setFollow(union.oracle, reader.id, other.id, following)
  })

const block = (union: Union, { blocked, by, other }: Of<"Block">) =>
  Effect.gen(function*() {
    const [one, two] = [union.people[by]!, union.people[other]!]
    if (!(yield* isKnown(one.home, two.id))) return
    union.contested.add(pairOf(one.id, two.id))
    yield* one.home.life()!.client.setBlock(one.id, two.id, blocked)
    Oracle.setBlock(union.oracle, one.id, two.id, blocked)
  })

const mute = (union: Union, { by, muted, other }: Of<"Mute">) =>
  Effect.gen(function*() {
    const [one, two] = [union.people[by]!, union.people[other]!]
    if (!(yield* isKnown(one.home, two.id))) return
    yield* one.home.life()!.client.setMute(one.id, two.id, muted)
    Oracle.setMute(union.oracle, one.id, two.id, muted)
  })

const remove = (union: Union, operation: Of<"Delete">) =>
  Effect.gen(function*() {
    const id = union.posts[operation.post]
    if (id === undefined) return
    const by = union.people[operation.by]!
    yield* by.home.life()!.client.remove(by.id, id)
    Oracle.remove(union.oracle, id)
  })

const edit = (union: Union, { by, post, text }: Of<"Edit">) =>
  Effect.gen(function*() {
    const id = union.posts[post]
    if (id === undefined) return
    const author = union.people[by]!
    yield* author.home.life()!.client.edit(author.id, id, { text, spoiler: "", sensitive: false, language: null })
    Oracle.edit(union.oracle, id, text)
  })

const like = (union: Union, { by, liked, post }: Of<"Like">) =>
  Effect.gen(function*() {
    const id = union.posts[post]
    const liker = union.people[by]!
    if (id === undefined || !(yield* areHere(liker.home, [id]))) return
    yield* liker.home.life()!.client.setLike(liker.id, id, liked)
    Oracle.setLike(union.oracle, liker.id, id, liked)
  })

const performTagged = (union: Union, operation: Operation): Effect.Effect<unknown, unknown> => {
  switch (operation._tag) {
    case "Publish":
      return publish(union, operation)
    case "Follow":
      return follow(union, operation)
    case "Block":
      return block(union, operation)
    case "Mute":
      return mute(union, operation)
    case "Delete":
      return remove(union, operation)
    case "Edit":
      return edit(union, operation)
    case "Like":
      return like(union, operation)
    case "Override": {
      const by = union.people[operation.by]!
      return by.home.life()!.client.setOverride(by.id, operation.override)
    }
    case "Read": {
      const by = union.people[operation.by]!
      return by.home.life()!.client.home(by, newest(operation.limit))
    }
  }
}

const isNothing = (error: unknown): boolean => ["NotFound", "Refused"].includes(String((error as { readonly _tag?: unknown })?._tag))

/** What the home does not know, or does not allow, did not happen; nobody acts whose datacenter is stopped. */
export const perform = (union: Union, operation: Operation): Effect.Effect<void, unknown> =>
  Effect.suspend(() => {
    if (union.people[operation.by]!.home.life() === undefined) return Effect.void
    union.done[operation._tag] = (union.done[operation._tag] ?? 0) + 1
    return performTagged(union, operation).pipe(
      Effect.asVoid,
      Effect.catchIf(isNothing, () => Effect.void)
    )
  })

/** Locks or unlocks somebody, answers somebody's requests, or drops a follower: whatever comes of it is for the homes to agree on. */
export const answerSomebody = (union: Union, random: Seeded): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const { home, id } = random.pick(union.people)
    const how = random.weighted({ lock: 1, answer: 3, drop: 1 })
    const accepted = random.chance(0.7)
    const [chosen, dropped] = [random.next(), random.pick(union.people)]
    if (home.life() === undefined) return
    if (how === "lock") {
      union.locked.add(id)
      return void (yield* home.run(Effect.flatMap(AccountStore, (accounts) => accounts.update(id, { locked: accepted }))))
    }
    const requests = yield* home.run(Effect.flatMap(SqlClient.SqlClient, (sql) =>
      sql<{ account: AccountId }>`SELECT account FROM follow_requests WHERE target = ${id} ORDER BY 1`))
    const asker = how === "drop" ? dropped.id : requests[Math.floor(chosen * requests.length)]?.account
    if (asker === undefined || asker === id || (how === "drop" && !(yield* isKnown(home, asker)))) return
    union.contested.add(pairOf(id, asker))
    const timeline = (yield* home.run(UserTimeline.client))(String(id))
    yield* how === "drop" ? timeline.RemoveFollower({ follower: asker }) : timeline.AnswerFollow({ follower: asker, accepted })
  }).pipe(Effect.catchIf(isNothing, () => Effect.void))
