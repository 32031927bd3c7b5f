/**
 * Once all is well: what nobody could know is asked of its home. Some clients ask for the same again, as after any answer that did not come;
 * the others look.
 */
import type { PostId } from "@rookery/domain/Ids"
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import { broken } from "../../oracle/world.ts"
import { outcomeOf } from "./http.ts"
import { asPerson, type Drafted, pairOf, type Person, postIdOf, publishIn, read, readAll, type Society } from "./society.ts"
import { type Status, textIn } from "./status.ts"

const pageMax = 40
const limitOf = () => pageMax

const ofAuthor = (society: Society, id: bigint): Person => society.people.find((person) => person.id === id)!

/** At the author's home; wrappers by somebody who hides nobody. */
const find = (society: Society, { by, post }: Drafted) =>
  Effect.gen(function*() {
    const watcher = society.watchers.find(({ home }) => home === by.home)!
    const list = post.repostOf === null
      ? yield* readAll<Status>(society, by, by.home, "/timelines/home", limitOf)
      : yield* readAll<Status>(society, watcher, by.home, `/accounts/${by.id}/statuses`, limitOf)
    return list.find((status) =>
      status.account.id === String(by.id) &&
      (post.repostOf === null ? status.reblog === null && textIn(status) === post.text : status.reblog?.id === String(post.repostOf)))
  })

/** Asks for every doubtful post and end again, with this chance: a client does so once. */
export const askAgain = (society: Society, random: Seeded) =>
  Effect.gen(function*() {
    for (const [number, { by, post, request }] of society.doubts.posts) {
      if (!random.chance(0.5)) continue
      const answer = yield* asPerson(society, by, random.pick(society.ground.names), request)
      if (outcomeOf(answer) === "done") publishIn(society, number, postIdOf(answer.json), post)
    }
    for (const id of society.doubts.deletes) {
      if (!random.chance(0.5)) continue
      const by = ofAuthor(society, society.oracle.posts.get(id)!.author)
      const answer = yield* asPerson(society, by, random.pick(society.ground.names), { path: `/api/v1/statuses/${id}`, method: "DELETE" })
      if (outcomeOf(answer) === "done") Oracle.remove(society.oracle, id)
    }
  })

const settlePosts = (society: Society) =>
  Effect.forEach([...society.doubts.posts], ([number, drafted]) =>
    Effect.map(find(society, drafted), (status) => {
      if (status !== undefined) publishIn(society, number, postIdOf(status), drafted.post)
    }), { concurrency: 4, discard: true })

const own = (society: Society, id: PostId) => {
  const by = ofAuthor(society, society.oracle.posts.get(id)!.author)
  return asPerson(society, by, by.home, { path: `/api/v1/statuses/${id}` })
}

const settleDeletes = (society: Society) =>
  Effect.forEach(society.doubts.deletes, (id) =>
    Effect.map(own(society, id), ({ status }) => {
      if (status === 404) Oracle.remove(society.oracle, id)
    }), { concurrency: 4, discard: true })

const settleTexts = (society: Society) =>
  Effect.forEach([...society.doubts.texts].filter(([id]) => !society.oracle.posts.get(id)!.deleted), ([id, texts]) =>
    Effect.flatMap(own(society, id), ({ json, status }) => {
      if (status !== 200) return status === 404 ? Effect.void : broken("an author reads the own post", { id, status, json })
      const text = textIn(json as Status)
      if (!texts.has(text)) return broken("a post reads as somebody wrote it", { id, text, texts: [...texts] })
      return Effect.sync(() => Oracle.edit(society.oracle, id, text))
    }), { concurrency: 4, discard: true })

/** Likes are rows where the liker lives; between two who blocked each other nothing else knows what came of one. */
const settleLikes = (society: Society) =>
  Effect.gen(function*() {
    const { contested, doubts, oracle, people, watchers } = society
    for (const post of oracle.posts.values()) {
      const open = people.filter(({ id }) => doubts.likes.has(`${id} ${post.id}`) || contested.has(pairOf(id, post.author)))
      if (post.deleted || post.repostOf !== null || (post.visibility !== "public" && post.visibility !== "unlisted") || open.length === 0) continue
      for (const watcher of watchers.filter(({ home }) => open.some((one) => one.home === home))) {
        const likers = yield* read<ReadonlyArray<{ readonly id: string }>>(society, watcher, watcher.home, `/statuses/${post.id}/favourited_by?limit=80`)
        for (const { home, id } of open) {
          if (home === watcher.home) Oracle.setLike(oracle, id, post.id, likers.some((liker) => liker.id === String(id)))
        }
      }
    }
  })

export interface Relation {
  readonly id: string
  readonly following: boolean
  readonly followed_by: boolean
  readonly blocking: boolean
  readonly blocked_by: boolean
  readonly muting: boolean
}

/** What `person` is to everybody, by the word of the own home. */
export const relationsOf = (society: Society, person: Person, via: string) => {
  const others = [...society.people, ...society.watchers].filter((other) => other !== person)
  return read<ReadonlyArray<Relation>>(society, person, via, `/accounts/relationships?${others.map(({ id }) => `id[]=${id}`).join("&")}`)
}

/** Whether only the follower's home can say what came of a follow. */
const isOpen = (society: Society, follower: bigint, followee: bigint): boolean =>
  society.contested.has(pairOf(follower, followee)) || society.locked.has(followee) || society.doubts.relations.has(`${follower} ${followee}`)

const put = (set: Set<bigint>, member: bigint, present: boolean): void => void (present ? set.add(member) : set.delete(member))

const settleRelations = (society: Society) =>
  Effect.forEach(society.people, (person) =>
    Effect.map(relationsOf(society, person, person.home), (relations) => {
      const { doubts, oracle } = society
      for (const { blocking, following, id, muting } of relations) {
        const other = BigInt(id)
        if (isOpen(society, person.id, other)) Oracle.setFollow(oracle, person.id, other, following)
        if (!doubts.relations.has(`${person.id} ${other}`)) continue
        put(oracle.blocks.get(person.id)!, other, blocking)
        put(oracle.mutes.get(person.id)!, other, muting)
      }
    }), { concurrency: 4, discard: true })

/** Takes the homes at their word; again as long as they do not agree, since what is late may still come. */
export const settle = (society: Society) =>
  Effect.gen(function*() {
    yield* settleRelations(society)
    yield* settlePosts(society)
    yield* settleDeletes(society)
    yield* settleTexts(society)
    yield* settleLikes(society)
  })
