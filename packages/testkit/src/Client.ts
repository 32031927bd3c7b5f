/**
 * A caller of the actors with the manners of a front: every attempt has a bound, what may be repeated is repeated
 * with the same request key, and after `patienceMillis` it is an error. Pages are hydrated and filled as a front does.
 */
import type { AccountId, PostId } from "@rookery/domain/Ids"
import type { Post, PostDraft } from "@rookery/domain/Post"
import type { Override } from "@rookery/domain/FanoutMode"
import type { Entry, PageQuery } from "@rookery/domain/TimelinePage"
import { Author } from "@rookery/protocol/Author"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { PostOwner } from "@rookery/protocol/PostOwner"
import { repeating } from "@rookery/protocol/repeating"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import { PostStore } from "@rookery/store/PostStore"
import { RelationStore, shunBits } from "@rookery/store/RelationStore"
import { Cause, Data, Effect, Schedule } from "effect"

/** A person as reads need them. */
export interface Person {
  readonly id: AccountId
  readonly no: number
}

export interface EditText {
  readonly text: string
  readonly spoiler: string
  readonly sensitive: boolean
  readonly language: string | null
}

/** What a caller could not get done, and why the last attempt failed. */
export class GaveUp extends Data.TaggedError("GaveUp")<{ readonly what: string; readonly cause: unknown }> {
  override get message(): string {
    return `${this.what}: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}

export interface Options {
  /** Bound of one attempt. */
  readonly attemptMillis: number
  /** Bound of all attempts together. */
  readonly patienceMillis: number
}

/** Answers that a front turns into 503 with Retry-After; anything else is for the client to know. */
const retryable = new Set([
  "Unavailable",
  "MailboxFull",
  "AlreadyProcessingMessage",
  "EntityNotAssignedToRunner",
  "RunnerUnavailable",
  "PersistenceError",
  "StoreError",
  "TimeoutError",
  "Interrupted"
])

/** A runner that lost its shards (Postgres restarted, it was drained) ends its requests by interrupting them. */
const interruptedThere = <A, E, R>(call: Effect.Effect<A, E, R>) =>
  Effect.catchCause(call, (cause): Effect.Effect<never, E | { readonly _tag: "Interrupted" }> =>
    Cause.hasInterruptsOnly(cause) ? Effect.fail({ _tag: "Interrupted" } as const) : Effect.failCause(cause))

const tagOf = (error: unknown): string =>
  Cause.isTimeoutError(error) ? "TimeoutError" : String((error as { readonly _tag?: unknown } | null)?._tag)

/** Asked on below what was found already, at most so often; a timeline of deleted posts ends somewhere. */
const refillsMax = 1_000

export const make = Effect.fnUntraced(function*(options: Options) {
  const directory = yield* ShardDirectory.make
  const posts = yield* PostStore
  const relations = yield* RelationStore
  const author = yield* Author.client
  const userTimeline = yield* UserTimeline.client
  const timelineShard = yield* TimelineShard.client
  const postOwner = yield* PostOwner.client
  /** Attempts that failed in a way that a client may repeat, by tag. */
  const retries = new Map<string, number>()

  const politely = <A, E>(what: string, attempt: Effect.Effect<A, E>): Effect.Effect<A, GaveUp | Exclude<E, { readonly _tag: "Unavailable" }>> =>
    interruptedThere(attempt).pipe(
      Effect.timeout(options.attemptMillis),
      Effect.tapError((error) => Effect.sync(() => retries.set(tagOf(error), (retries.get(tagOf(error)) ?? 0) + 1))),
      Effect.retry({
        while: (error) => retryable.has(tagOf(error)),
        schedule: Schedule.jittered(Schedule.spaced("100 millis")).pipe(Schedule.upTo({ duration: options.patienceMillis }))
      }),
      Effect.mapError((error) => retryable.has(tagOf(error)) ? new GaveUp({ what, cause: error }) : error)
    ) as Effect.Effect<A, GaveUp | Exclude<E, { readonly _tag: "Unavailable" }>>

  const publish = (by: AccountId, requestKey: string, draft: PostDraft) =>
    politely(`publish of ${by}`, author(String(by)).Publish({ requestKey, draft }))

  const setOverride = (account: AccountId, override: Override) =>
    politely(`override of ${account}`, author(String(account)).SetOverride({ override }))

  const describe = (account: AccountId) => politely(`description of ${account}`, author(String(account)).Describe())

  const setFollow = (by: AccountId, followee: AccountId, following: boolean) =>
    politely(`follow of ${followee} by ${by}`, userTimeline(String(by)).SetFollow({ followee, following }))

  const setBlock = (by: AccountId, other: AccountId, blocked: boolean) =>
    politely(`block of ${other} by ${by}`, userTimeline(String(by)).SetBlock({ other, blocked }))

  const setMute = (by: AccountId, other: AccountId, muted: boolean) =>
    politely(
      `mute of ${other} by ${by}`,
      userTimeline(String(by)).SetMute({ other, muted, notifications: true, millis: null })
    )

  const edit = (by: AccountId, post: PostId, change: EditText) =>
    politely(`edit of ${post}`, postOwner(String(post)).Edit({ by, ...change }))

  const remove = (by: AccountId, post: PostId) =>
    politely(`delete of ${post}`, repeating((again) => postOwner(String(post)).Delete({ by, again })))

  const setLike = (by: AccountId, post: PostId, liked: boolean) =>
    politely(`like of ${post} by ${by}`, postOwner(String(post)).SetLike({ by, liked }))

  /** One page as the actor answers it: ids that may meanwhile be deleted among them. */
  const skeleton = (reader: Person, query: PageQuery): Effect.Effect<ReadonlyArray<Entry>, GaveUp> =>
    politely(
      `home of ${reader.id}`,
      Effect.flatMap(
        timelineShard(directory.timelineShardId(directory.shardOf(String(reader.id)))).Read({
          requests: PageBatch.encodeRequests([{ ...query, reader: reader.id, readerNo: reader.no }])
        }),
        (bytes) => {
          const answer = PageBatch.decodeAnswers(bytes)[0]!
          if (answer.status === PageBatch.statuses.ok) return Effect.succeed(answer.entries)
          return Effect.fail({ _tag: answer.status === PageBatch.statuses.unavailable ? "Unavailable" : "NotFound" } as const)
        }
      )
    ) as Effect.Effect<ReadonlyArray<Entry>, GaveUp>

  /** The posts of `entries` that are there, and so is what they repost; in order. */
  const hydrate = (entries: ReadonlyArray<Entry>): Effect.Effect<ReadonlyArray<Post>, GaveUp> =>
    politely("hydration", Effect.gen(function*() {
      const found = yield* posts.byIds(entries.map((entry) => entry.id as PostId))
      const originals = yield* posts.byIds([...new Set(found.flatMap((post) => post.repostOf ?? []))])
      const there = new Set(originals.map((post) => post.id))
      const byId = new Map(found.map((post) => [post.id as bigint, post]))
      return entries.flatMap((entry) => byId.get(entry.id) ?? [])
        .filter((post) => post.repostOf === null || there.has(post.repostOf))
    })) as Effect.Effect<ReadonlyArray<Post>, GaveUp>

  const hiding = shunBits.blocking | shunBits.blockedBy | shunBits.muting

  /** Those of `found` that nobody wrote, or wrote what is in them, whom the reader does not see. */
  const allowed = (reader: Person, found: ReadonlyArray<Post>): Effect.Effect<ReadonlyArray<Post>, GaveUp> =>
    politely("rules", Effect.gen(function*() {
      if (found.length === 0) return found
      const inner = yield* posts.byIds([...new Set(found.flatMap((post) => post.repostOf ?? []))])
      const authorOf = new Map(inner.map((post) => [post.id, post.authorNo]))
      const authorsOf = (post: Post) => post.repostOf === null ? [post.authorNo] : [post.authorNo, authorOf.get(post.repostOf)!]
      // What was deleted since it was hydrated says no more whose it was.
      const left = found.filter((post) => post.repostOf === null || authorOf.has(post.repostOf))
      const shunned = yield* relations.among(reader.id, left.flatMap(authorsOf))
      const hidden = new Set(shunned.filter(([, bits]) => (bits & hiding) !== 0).map(([no]) => no))
      return left.filter((post) => !authorsOf(post).some((no) => hidden.has(no)))
    })) as Effect.Effect<ReadonlyArray<Post>, GaveUp>

  /** One page as a front answers it: asks on until `limit` posts are there or the timeline ends. */
  const home = Effect.fnUntraced(function*(reader: Person, query: PageQuery) {
    const upwards = query.minId > 0n
    let page: ReadonlyArray<Post> = []
    let rest = query
    for (let asked = 0; asked < refillsMax; asked++) {
      const entries = yield* skeleton(reader, rest)
      const shown = yield* allowed(reader, yield* hydrate(entries))
      page = upwards ? [...shown, ...page] : [...page, ...shown]
      if (entries.length < rest.limit || page.length >= query.limit) {
        return upwards ? page.slice(-query.limit) : page.slice(0, query.limit)
      }
      rest = upwards ? { ...rest, minId: entries[0]!.id } : { ...rest, maxId: entries.at(-1)!.id }
    }
    return yield* new GaveUp({ what: `home of ${reader.id}`, cause: `not filled in ${refillsMax} reads` })
  })

  return {
    describe,
    directory,
    edit,
    home,
    hydrate,
    publish,
    remove,
    retries,
    setBlock,
    setFollow,
    setLike,
    setMute,
    setOverride,
    skeleton
  }
})

export type Client = Effect.Success<ReturnType<typeof make>>
