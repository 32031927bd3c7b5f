/** Carries out planned operations over HTTP, at any front, and notes what the answers prove. */
import type { PostId } from "@rookery/domain/Ids"
import * as Oracle from "@rookery/testkit/Oracle"
import type { Seeded } from "@rookery/testkit/Seeded"
import { Effect } from "effect"
import type { Operation } from "../../oracle/plan.ts"
import { broken } from "../../oracle/world.ts"
import { type Answer, type Outcome, outcomeOf, type Request } from "./http.ts"
import { asPerson, type Drafted, pairOf, type Person, postIdOf, publishIn, type Society, viaOf } from "./society.ts"

type Of<Tag extends Operation["_tag"]> = Extract<Operation, { readonly _tag: Tag }>
type Sent = (request: Request) => Effect.Effect<Answer, Error>

/** What a home does not know, or does not allow. */
const refusals: ReadonlyArray<number> = [403, 404, 422]

/** Asks, and answers what came of it; any refusal but the foreseen is a broken promise. */
const decide = (send: Sent, request: Request) =>
  Effect.flatMap(send(request), (answer): Effect.Effect<{ readonly answer: Answer; readonly outcome: Outcome }, Error> => {
    const outcome = outcomeOf(answer)
    return outcome === "refused" && !refusals.includes(answer.status)
      ? broken("a request in order is not called wrong", { request, status: answer.status, json: answer.json })
      : Effect.succeed({ answer, outcome })
  })

const idOf = (society: Society, post: number | null): PostId | null | undefined => post === null ? null : society.posts[post]

/** A reply names whom it answers, who is told of it. */
const textOf = (society: Society, number: number, replyTo: PostId | null): string => {
  const author = replyTo === null ? undefined : society.oracle.posts.get(replyTo)?.author
  const named = society.people.find(({ id }) => id === author)
  return named === undefined ? `post ${number}` : `post ${number} @${named.name}`
}

/** Undefined when what it is about is not there. */
const draft = (society: Society, { by, post: number, replyTo, repostOf, visibility }: Of<"Publish">): Drafted | undefined => {
  const [answered, wrapped] = [idOf(society, replyTo), idOf(society, repostOf)]
  if (answered === undefined || wrapped === undefined) return undefined
  const person = society.people[by]!
  const text = wrapped === null ? textOf(society, number, answered) : ""
  const post = { author: person.id, visibility, replyTo: answered, repostOf: wrapped, text }
  const request: Request = wrapped === null
    ? {
      path: "/api/v1/statuses",
      body: { status: text, visibility, ...(answered === null ? {} : { in_reply_to_id: String(answered) }) },
      headers: { "idempotency-key": `${person.name} ${number}` }
    }
    : { path: `/api/v1/statuses/${wrapped}/reblog`, method: "POST" }
  return { by: person, request, post }
}

const publish = (society: Society, operation: Of<"Publish">, send: Sent) =>
  Effect.gen(function*() {
    const drafted = draft(society, operation)
    if (drafted === undefined) return "refused"
    const { answer, outcome } = yield* decide(send, drafted.request)
    if (outcome === "unknown") society.doubts.posts.set(operation.post, drafted)
    if (outcome !== "done") return outcome
    const id = postIdOf(answer.json)
    publishIn(society, operation.post, id, drafted.post)
    if (operation.again) yield* again(society, operation.post, drafted, id, send)
    yield* isAtHome(send, id, operation)
    return outcome
  })

/**
 * A client that did not hear the answer asks again, anywhere. A repost has no key: one that nobody answered may still be carried out once
 * the first has been deleted.
 */
const again = (society: Society, number: number, drafted: Drafted, first: PostId, send: Sent) =>
  Effect.gen(function*() {
    const { post, request } = drafted
    const { answer, outcome } = yield* decide(send, request)
    if (outcome === "unknown" && post.repostOf !== null) society.doubts.posts.set(number, drafted)
    if (outcome === "done" && postIdOf(answer.json) !== first) {
      yield* broken("a request with the same key is carried out once", { request, first, second: postIdOf(answer.json) })
    }
  })

/** Its own posts stand in a timeline at once, whichever front is asked. Of a wrapper, what it wraps may be hidden. */
const isAtHome = (send: Sent, id: PostId, { by, repostOf }: Of<"Publish">) =>
  Effect.gen(function*() {
    if (repostOf !== null) return
    const { answer, outcome } = yield* decide(send, { path: `/api/v1/timelines/home?limit=1&max_id=${id + 1n}` })
    const first = outcome === "done" ? (answer.json as ReadonlyArray<unknown>)[0] : undefined
    if (outcome === "done" && (first === undefined || postIdOf(first) !== id)) {
      yield* broken("one's own post is in one's timeline at once (I6)", { by, post: id, first: first ?? null })
    }
  })

const key = (by: Person, other: bigint): string => `${by.id} ${other}`

/** A change of what `by` is to another. */
const relate = (society: Society, by: Person, other: Person, verb: string, send: Sent, note: () => void) =>
  Effect.gen(function*() {
    const { outcome } = yield* decide(send, { path: `/api/v1/accounts/${other.id}/${verb}`, method: "POST" })
    if (outcome === "unknown") society.doubts.relations.add(key(by, other.id))
    if (outcome === "done") note()
    return outcome
  })

const follow = (society: Society, { by, followee, following }: Of<"Follow">, send: Sent) => {
  const [one, other] = [society.people[by]!, society.people[followee]!]
  return relate(society, one, other, following ? "follow" : "unfollow", send, () =>
    Oracle.setFollow(society.oracle, one.id, other.id, following))
}

const block = (society: Society, { blocked, by, other }: Of<"Block">, send: Sent) => {
  const [one, two] = [society.people[by]!, society.people[other]!]
  society.contested.add(pairOf(one.id, two.id))
  return relate(society, one, two, blocked ? "block" : "unblock", send, () => Oracle.setBlock(society.oracle, one.id, two.id, blocked))
}

const mute = (society: Society, { by, muted, other }: Of<"Mute">, send: Sent) => {
  const [one, two] = [society.people[by]!, society.people[other]!]
  society.quiet.add(pairOf(one.id, two.id))
  return relate(society, one, two, muted ? "mute" : "unmute", send, () => Oracle.setMute(society.oracle, one.id, two.id, muted))
}

const remove = (society: Society, id: PostId, send: Sent) =>
  Effect.gen(function*() {
    const { outcome } = yield* decide(send, { path: `/api/v1/statuses/${id}`, method: "DELETE" })
    if (outcome === "unknown") society.doubts.deletes.add(id)
    if (outcome === "done") Oracle.remove(society.oracle, id)
    return outcome
  })

const edit = (society: Society, id: PostId, text: string, send: Sent) =>
  Effect.gen(function*() {
    const { doubts, oracle } = society
    const { outcome } = yield* decide(send, { path: `/api/v1/statuses/${id}`, method: "PUT", body: { status: text } })
    if (outcome === "refused") return outcome
    if (outcome === "unknown" && !doubts.texts.has(id)) doubts.texts.set(id, new Set([oracle.posts.get(id)!.text]))
    // What was in doubt before may still come after this.
    doubts.texts.get(id)?.add(text)
    if (outcome === "done") Oracle.edit(oracle, id, text)
    return outcome
  })

const like = (society: Society, by: Person, id: PostId, liked: boolean, send: Sent) =>
  Effect.gen(function*() {
    const { outcome } = yield* decide(send, { path: `/api/v1/statuses/${id}/${liked ? "favourite" : "unfavourite"}`, method: "POST" })
    if (outcome === "unknown") society.doubts.likes.add(key(by, id))
    if (outcome === "done") Oracle.setLike(society.oracle, by.id, id, liked)
    return outcome
  })

const readHome = (limit: number, send: Sent) => Effect.map(decide(send, { path: `/api/v1/timelines/home?limit=${limit}` }), ({ outcome }) => outcome)

/** How an author is fanned out is an operator's to set, and nothing that people ask for over HTTP. */
const performTagged = (society: Society, operation: Operation, send: Sent): Effect.Effect<Outcome, Error> => {
  if (operation._tag === "Publish") return publish(society, operation, send)
  if (operation._tag === "Follow") return follow(society, operation, send)
  if (operation._tag === "Block") return block(society, operation, send)
  if (operation._tag === "Mute") return mute(society, operation, send)
  if (operation._tag === "Override") return readHome(20, send)
  if (operation._tag === "Read") return readHome(operation.limit, send)
  const id = society.posts[operation.post]
  if (id === undefined) return Effect.succeed("refused")
  if (operation._tag === "Delete") return remove(society, id, send)
  if (operation._tag === "Edit") return edit(society, id, operation.text, send)
  return like(society, society.people[operation.by]!, id, operation.liked, send)
}

const count = (society: Society, what: string): void => void (society.done[what] = (society.done[what] ?? 0) + 1)

/** As one person, who does one thing after another: nothing while an answer is awaited. */
export const asBusy = (society: Society, person: Person, what: string, act: (send: Sent) => Effect.Effect<Outcome, Error>, random: Seeded) =>
  Effect.suspend(() => {
    const own = random.fork()
    if (society.busy.has(person)) return Effect.void
    society.busy.add(person)
    const send: Sent = (request) => asPerson(society, person, viaOf(society, person, own), request)
    return act(send).pipe(
      Effect.tap((outcome) => Effect.sync(() => count(society, `${what} ${outcome}`))),
      Effect.ensuring(Effect.sync(() => void society.busy.delete(person))),
      Effect.asVoid
    )
  })

export const perform = (society: Society, operation: Operation, random: Seeded): Effect.Effect<void, Error> =>
  asBusy(society, society.people[operation.by]!, operation._tag, (send) => performTagged(society, operation, send), random)
