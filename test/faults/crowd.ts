/** One author with a crowd of followers, all with a window in memory, and what is in those windows. */
import { AccountId } from "@rookery/domain/Ids"
import * as PageBatch from "@rookery/protocol/PageBatch"
import * as ShardDirectory from "@rookery/protocol/ShardDirectory"
import { TimelineShard } from "@rookery/protocol/TimelineShard"
import { IdSource } from "@rookery/store/IdSource"
import { importAccounts, type ImportedAccount, importEdges } from "@rookery/store/postgres/import"
import { Effect, Schedule } from "effect"

export interface Crowd {
  readonly author: ImportedAccount
  readonly followers: ReadonlyArray<ImportedAccount>
}

/** Rows of one statement of the import, at most. */
const importMax = 5_000
const attemptMillis = 5_000
const patienceMillis = 40_000
const shardsAtOnce = 32

const chunksOf = <A>(items: ReadonlyArray<A>, size: number): ReadonlyArray<ReadonlyArray<A>> =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size))

/** Creates the accounts and edges in bulk, past the actors: nobody may know the accounts yet. */
export const make = (name: string, size: number) =>
  Effect.gen(function*() {
    const directory = yield* ShardDirectory.make
    const ids = yield* (yield* IdSource).mintMany(size + 1)
    const wanted = ids.map((id, n) => ({
      id: AccountId.make(id),
      shard: directory.shardOf(String(id)),
      username: `${name}_${n}`
    }))
    const made = (yield* Effect.forEach(chunksOf(wanted, importMax), importAccounts)).flat()
    const author = made.find(({ username }) => username === `${name}_0`)!
    const followers = made.filter((account) => account !== author)
    const edges = followers.map(({ id }) => ({ follower: id, followee: author.id }))
    yield* Effect.forEach(chunksOf(edges, importMax), importEdges, { discard: true })
    return { author, followers } satisfies Crowd
  })

interface Reading {
  readonly shard: number
  readonly readers: ReadonlyArray<ImportedAccount>
}

const byShard = (directory: ShardDirectory.ShardDirectory, readers: ReadonlyArray<ImportedAccount>): ReadonlyArray<Reading> => {
  const shards = Map.groupBy(readers, ({ id }) => directory.shardOf(String(id)))
  return [...shards].flatMap(([shard, people]) =>
    chunksOf(people, PageBatch.requestsMax).map((part) => ({ shard, readers: part })))
}

/** The newest `limit` ids of every reader's home timeline, in a few hundred messages. */
export const homes = (readers: ReadonlyArray<ImportedAccount>, limit: number) =>
  Effect.gen(function*() {
    const directory = yield* ShardDirectory.make
    const client = yield* TimelineShard.client
    const readOnce = (reading: Reading) =>
      Effect.gen(function*() {
        const requests = PageBatch.encodeRequests(reading.readers.map(({ id, no }) =>
          ({ reader: id, readerNo: no, maxId: undefined, sinceId: 0n, minId: 0n, limit })))
        const bytes = yield* client(directory.timelineShardId(reading.shard)).Read({ requests })
        const answers = PageBatch.decodeAnswers(bytes)
        if (answers.some(({ status }) => status !== PageBatch.statuses.ok)) return yield* Effect.fail("unavailable")
        return reading.readers.map(({ id }, n) => [id, answers[n]!.entries.map((entry) => entry.id)] as const)
      }).pipe(
        Effect.timeout(attemptMillis),
        Effect.sandbox,
        Effect.retry(Schedule.upTo(Schedule.spaced("100 millis"), { duration: patienceMillis }))
      )
    const pages = yield* Effect.forEach(byShard(directory, readers), readOnce, { concurrency: shardsAtOnce })
    return new Map<bigint, ReadonlyArray<bigint>>(pages.flat())
  })
