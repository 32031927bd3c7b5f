/** The actors of one runner over the real database, and callers that do to them what fronts do. */
import { assert, inject } from "@effect/vitest"
import { AccountId } from "@rookery/domain/Ids"
import type { Settings } from "@rookery/entities/Settings"
import { Author } from "@rookery/protocol/Author"
import * as EventBatch from "@rookery/protocol/EventBatch"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { PostOwner } from "@rookery/protocol/PostOwner"
import { Session } from "@rookery/protocol/Session"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { UserTimeline } from "@rookery/protocol/UserTimeline"
import { AccountStore } from "@rookery/store/AccountStore"
import { IdSource } from "@rookery/store/IdSource"
import { OutboxStore } from "@rookery/store/OutboxStore"
import { draft } from "@rookery/testkit/Drafts"
import * as NoSnapshots from "@rookery/testkit/NoSnapshots"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Effect, Schedule, Stream } from "effect"

/** What happens within 30 s; the last answer is in the failure. */
export const soon = <A, E>(ask: Effect.Effect<A, E>, isThere: (answer: A) => boolean) =>
  ask.pipe(
    Effect.repeat({ until: isThere, schedule: Schedule.spaced("20 millis"), times: 1_500 }),
    Effect.tap((answer) => Effect.sync(() => assert.isTrue(isThere(answer), JSON.stringify(answer, (_, value) => String(value)))))
  )

/** People, what they write, and when all of it has arrived. */
const makePeople = Effect.gen(function*() {
  const accounts = yield* AccountStore
  const ids = yield* IdSource
  const directory = yield* ShardDirectory.make
  const author = yield* Author.client
  const owner = yield* PostOwner.client
  const outbox = yield* OutboxStore
  let keys = 0

  const signUp = Effect.fnUntraced(function*(username: string) {
    const id = AccountId.make(yield* ids.mint)
    const shard = directory.shardOf(String(id))
    const created = yield* accounts.create({ id, shard, username, email: null, passwordHash: null, admin: false })
    return typeof created === "string" ? yield* Effect.die(new Error(`${created} is taken`)) : created
  })
  type Person = Effect.Success<ReturnType<typeof signUp>>

  const publish = (by: Person, text = "hello") => author(String(by.id)).Publish({ requestKey: `key-${keys++}`, draft: draft(text) })
  const lock = (person: Person) => accounts.update(person.id, { locked: true })
  const modeOf = (person: Person) => Effect.map(author(String(person.id)).Describe(), ({ mode }) => mode.mode)
  const becomes = (person: Person, mode: "push" | "pull") => soon(modeOf(person), (now) => now === mode)
  const quiet = soon(outbox.backlog, (backlog) => backlog.rows === 0)
  return { signUp, publish, lock, becomes, quiet, owner }
})

type Person = Effect.Success<ReturnType<Effect.Success<typeof makePeople>["signUp"]>>

/** What people are to each other. */
const makeRelations = Effect.map(UserTimeline.client, (reader) => {
  const of = (by: Person) => reader(String(by.id))
  const follow = (by: Person, { id: followee }: Person, following = true) => of(by).SetFollow({ followee, following })
  const block = (by: Person, { id: other }: Person, blocked = true) => of(by).SetBlock({ other, blocked })
  const mute = (by: Person, { id: other }: Person, muted = true, millis: number | null = null) =>
    of(by).SetMute({ other, muted, notifications: true, millis })
  const answer = (by: Person, { id: follower }: Person, accepted: boolean) => of(by).AnswerFollow({ follower, accepted })
  const removeFollower = (by: Person, { id: follower }: Person) => of(by).RemoveFollower({ follower })
  return { follow, block, mute, answer, removeFollower }
})

/** What people see: pages and open feeds, by the ids of their posts. */
const makeFeeds = Effect.gen(function*() {
  const directory = yield* ShardDirectory.make
  const shards = yield* TimelineShard.client
  const sessions = yield* Session.client
  const shardOf = (by: Person) => shards(directory.timelineShardId(by.shard))

  const home = (by: Person, limit = 40, maxId?: bigint) =>
    shardOf(by).Read({
      requests: PageBatch.encodeRequests([{ readerNo: by.no, reader: by.id, maxId, sinceId: 0n, minId: 0n, limit }])
    }).pipe(Effect.map((bytes) => PageBatch.decodeAnswers(bytes)[0]!.entries.map((entry) => entry.id)))

  /** Opens the feed of a front for one person; answers the posts that the person has been told of so far. */
  const listen = (by: Person) =>
    Effect.gen(function*() {
      const heard: Array<bigint> = []
      const front = `front-${by.no}`
      yield* Effect.forkScoped(Stream.runForEach(shardOf(by).Events({ front }), (chunk) =>
        Effect.sync(() => {
          for (const event of EventBatch.decode(chunk)) if (event.kind === EventBatch.kinds.update) heard.push(event.postId)
        })))
      const connect = sessions(String(by.id)).Connect({ accountNo: by.no, front })
      yield* Effect.retry(connect, { schedule: Schedule.spaced("20 millis"), times: 200 })
      return heard
    })
  return { home, listen }
})

const makeClients = Effect.gen(function*() {
  return { ...yield* makePeople, ...yield* makeRelations, ...yield* makeFeeds }
})

/** Runs `use` with one runner and a fresh database. */
export const withActors = <A, E>(
  settings: Partial<Settings>,
  use: (clients: Effect.Success<typeof makeClients>) => Effect.Effect<A, E, never>
) =>
  Effect.scoped(Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    yield* Effect.flatMap(makeClients, use).pipe(
      Effect.provide(TestCluster.layer({ databaseUrl, snapshots: NoSnapshots.layer, settings }))
    )
  }))
