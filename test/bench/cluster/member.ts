/** This process as a member of the cluster that holds no shards, as a front is: what the benches speak to actors with. */
import { PgClient } from "@effect/sql-pg"
import { findFreePort } from "@rookery/cluster/local/freePort"
import * as ClusterSockets from "@rookery/cluster/layers/ClusterSockets"
import * as derive from "@rookery/cluster/programs/derive"
import { load } from "@rookery/config/Load"
import type { AccountId } from "@rookery/domain/Ids"
import type { Entry } from "@rookery/domain/TimelinePage"
import { Author } from "@rookery/protocol/Author"
import * as PageBatch from "@rookery/protocol/PageBatch"
import { PostOwner } from "@rookery/protocol/PostOwner"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { lockMillis } from "./BenchCluster.ts"
import { Effect, Latch, Layer, Redacted, Schedule } from "effect"

/** An attempt to load hundreds of windows may take this long. */
const readLimit = "60 seconds"
const writeLimit = "10 seconds"
const attemptsMax = 20
const again = Schedule.spaced("100 millis")

export interface Reader {
  readonly id: bigint
  readonly no: number
}

/** Joins the cluster until the scope ends. */
export const join = Effect.fnUntraced(function*(postgresUrl: string) {
  const port = yield* findFreePort
  const registered = Latch.makeUnsafe()
  const knobs = {
    ...derive.knobs(yield* load),
    // A member that expects heartbeats more often than they come takes the others for gone.
    lockRefreshMillis: lockMillis.refresh,
    lockExpirationMillis: lockMillis.expiration
  }
  const sockets = ClusterSockets.layer(knobs, { host: "127.0.0.1", port, holdsShards: false }, registered).pipe(
    Layer.provide(PgClient.layer({ url: Redacted.make(postgresUrl), maxConnections: 3 }))
  )
  const context = yield* Layer.build(sockets)
  yield* Effect.timeout(registered.await, "10 seconds")
  const clients = [ShardDirectory.make, Author.client, PostOwner.client, TimelineShard.client] as const
  const [directory, author, postOwner, shard] = yield* Effect.all(clients).pipe(
    Effect.provide(context)
  )

  /** Commits a post; the time at which that was acknowledged is when it ends. */
  const publish = (by: bigint, requestKey: string, text: string) =>
    author(String(by)).Publish({
      requestKey,
      draft: { text, spoiler: "", sensitive: false, visibility: "public", language: "en", replyTo: null, repostOf: null }
    }).pipe(Effect.timeout(writeLimit), Effect.retry({ times: attemptsMax, schedule: again }))

  const setOverride = (of: bigint, override: "auto" | "push" | "pull") =>
    author(String(of)).SetOverride({ override }).pipe(
      Effect.timeout(writeLimit),
      Effect.retry({ times: attemptsMax, schedule: again })
    )

  /** Answers when the like, or its end, is durable. */
  const setLike = (post: bigint, by: bigint, liked: boolean) =>
    postOwner(String(post)).SetLike({ by: by as AccountId, liked }).pipe(
      Effect.timeout(writeLimit),
      Effect.retry({ times: attemptsMax, schedule: again })
    )

  const describe = (of: bigint) => Effect.timeout(author(String(of)).Describe(), readLimit)

  /** The newest entries of people who all live on one shard. */
  const readShard = (shardNo: number, readers: ReadonlyArray<Reader>, limit: number) => {
    const requests = readers.map(({ id, no }) => ({
      reader: id as AccountId, readerNo: no, maxId: undefined, sinceId: 0n, minId: 0n, limit
    }))
    return shard(directory.timelineShardId(shardNo)).Read({ requests: PageBatch.encodeRequests(requests) }).pipe(
      Effect.map(PageBatch.decodeAnswers),
      Effect.filterOrFail(
        (answers) => answers.every((answer) => answer.status === PageBatch.statuses.ok),
        () => new Error(`shard ${shardNo} could not read all timelines`)
      ),
      Effect.timeout(readLimit),
      Effect.retry({ times: attemptsMax, schedule: again })
    )
  }

  const byShard = (readers: ReadonlyArray<Reader>): Map<number, Array<Reader>> => {
    const groups = new Map<number, Array<Reader>>()
    for (const reader of readers) {
      const shardNo = directory.shardOf(String(reader.id))
      const group = groups.get(shardNo)
      if (group === undefined) groups.set(shardNo, [reader])
      else group.push(reader)
    }
    return groups
  }

  /** Reads everybody's timeline once, which makes it resident. `onRead` hears how many were. */
  const makeResident = (readers: ReadonlyArray<Reader>, onRead: (count: number) => void) =>
    Effect.forEach(
      byShard(readers),
      ([shardNo, group]) => {
        const batches = Array.from(
          { length: Math.ceil(group.length / residentBatch) },
          (_, i) => group.slice(i * residentBatch, (i + 1) * residentBatch)
        )
        return Effect.forEach(batches, (batch) =>
          Effect.map(readShard(shardNo, batch, 1), () => onRead(batch.length)), { discard: true })
      },
      { concurrency: shardsAtOnce, discard: true }
    )

  const readOne = (reader: Reader, limit: number): Effect.Effect<ReadonlyArray<Entry>, unknown> =>
    Effect.map(readShard(directory.shardOf(String(reader.id)), [reader], limit), (answers) => answers[0]!.entries)

  return { describe, directory, makeResident, publish, readOne, setLike, setOverride }
})

const residentBatch = 64
const shardsAtOnce = 8

export type Member = Effect.Success<ReturnType<typeof join>>
