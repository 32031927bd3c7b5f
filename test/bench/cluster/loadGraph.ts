/**
 * Puts a generated graph into a fresh database in bulk: accounts, edges, counters, old posts, and a token for whoever
 * shall speak over HTTP. What comes out is what the actors would have written, one by one, in hours.
 */
import { PgClient } from "@effect/sql-pg"
import * as FanoutMode from "@rookery/domain/FanoutMode"
import { AccountId, type LocalNo, type PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Client from "@rookery/store/postgres/client"
import * as Import from "@rookery/store/postgres/import"
import { int8s, texts } from "@rookery/store/postgres/statement"
import type { FollowGraph } from "@rookery/testkit/GraphGenerator"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Hash, Redacted } from "effect"
import { hash } from "node:crypto"

export interface LoadedGraph {
  /** Account ids and local numbers, by the graph's indices. */
  readonly ids: BigInt64Array
  readonly nos: Uint32Array
}

export interface LoadOptions {
  /** Old posts of the account with this index. */
  readonly postsPerAccount: (index: number) => number
  /** The access token of the account with this index; undefined for none. */
  readonly token?: (index: number) => string | undefined
  readonly seed: number
}

/** As the cluster's; the database remembers it and refuses another. */
const shardsPerGroup = 127
/** Above the machines that processes lease. */
const machineFrom = 900
const chunkRows = 10_000
/** Old posts lie between so long ago and an hour ago: nothing of the bench's own is mixed in with them. */
const historyMillis = 5 * 86_400_000
const hourMillis = 3_600_000
const textBytes = 140

/** As `effect/cluster` maps entity ids to shards; a wrong one would leave readers without deliveries, which the benches notice. */
const shardOf = (id: bigint): number => Math.abs(Hash.string(String(id)) % shardsPerGroup) + 1

const idAt = (millis: number, counter: number): bigint =>
  Snowflake.make(millis, machineFrom + ((counter >> 12) & 63), counter & Snowflake.sequenceMax)

const chunked = <A, E, R>(count: number, insert: (from: number, to: number) => Effect.Effect<A, E, R>) =>
  Effect.forEach(
    Array.from({ length: Math.ceil(count / chunkRows) }, (_, i) => i * chunkRows),
    (from) => insert(from, Math.min(count, from + chunkRows))
  )

const range = (from: number, to: number): Array<number> => Array.from({ length: to - from }, (_, i) => from + i)

const insertAccounts = (ids: BigInt64Array) =>
  chunked(ids.length, (from, to) =>
    Import.importAccounts(range(from, to).map((i) => ({
      id: AccountId.make(ids[i]!),
      shard: shardOf(ids[i]!),
      username: `b${i}`
    })))).pipe(Effect.map((chunks) => {
      const nos = new Uint32Array(ids.length)
      for (const { no, username } of chunks.flat()) nos[Number(username.slice(1))] = no
      return nos
    }))

const insertFollows = (ids: BigInt64Array, graph: FollowGraph) => {
  let follower = 0
  return chunked(graph.followees.length, (from, to) =>
    Import.importEdges(range(from, to).map((edge) => {
      while (graph.starts[follower + 1]! <= edge) follower++
      return { follower: ids[follower] as AccountId, followee: ids[graph.followees[edge]!] as AccountId }
    })))
}

/** In the order of their times, as real ones come: pages and indexes then look as they do in life. */
const insertPosts = ({ ids, nos }: LoadedGraph, options: LoadOptions) => {
  const random = Seeded.make(options.seed)
  const authors: Array<number> = []
  for (let i = 0; i < ids.length; i++) for (let n = options.postsPerAccount(i); n > 0; n--) authors.push(i)
  for (let i = authors.length - 1; i > 0; i--) {
    const other = random.int(i + 1)
    ;[authors[i], authors[other]] = [authors[other]!, authors[i]!]
  }
  const start = Date.now() - historyMillis
  const step = (historyMillis - hourMillis) / Math.max(1, authors.length)
  return chunked(authors.length, (from, to) =>
    Import.importPosts(range(from, to).map((i) => ({
      id: idAt(start + Math.floor(i * step), i) as PostId,
      author: ids[authors[i]!] as AccountId,
      authorNo: nos[authors[i]!] as LocalNo,
      text: `old post ${i} `.padEnd(textBytes, "the quick brown fox jumps over the lazy dog ")
    }))))
}

const insertTokens = (sql: PgClient.PgClient, ids: BigInt64Array, token: (index: number) => string | undefined) =>
  Effect.gen(function*() {
    const rows = yield* sql<{ id: bigint }>`
      INSERT INTO oauth_apps (client_id, secret_hash, name, redirect_uris, scopes)
      VALUES ('bench', 'none', 'bench', '{}', 'read write follow') RETURNING id`
    yield* chunked(ids.length, (from, to) => {
      const own = range(from, to).filter((i) => token(i) !== undefined)
      const hashes = own.map((i) => hash("sha256", token(i)!, "hex"))
      return sql`
        INSERT INTO oauth_tokens (token_hash, app_id, account, scopes, created_at)
        SELECT t.hash, ${rows[0]!.id}, t.account, 'read write follow', now()
        FROM unnest(${texts(hashes)}, ${int8s(own.map((i) => ids[i]!))}) AS t (hash, account)`
    })
  })

/** The mode of those whom the number of their followers puts past the threshold, and statistics for the planner. */
const settle = (sql: PgClient.PgClient) =>
  Effect.gen(function*() {
    yield* sql`
      UPDATE authors SET mode = ${FanoutMode.modes.indexOf("pull")}::int, heading = 1
      WHERE followers >= ${FanoutMode.defaultThreshold.promoteAt}::int`
    for (const table of ["accounts", "authors", "readers", "follows", "posts", "oauth_tokens"]) {
      yield* sql.unsafe(`VACUUM (ANALYZE) ${table}`)
    }
  })

export const loadGraph = (postgresUrl: string, graph: FollowGraph, options: LoadOptions) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const start = Date.now() - historyMillis - graph.accounts
    const ids = BigInt64Array.from(range(0, graph.accounts), (i) => idAt(start + (i >> 4), i))
    const loaded: LoadedGraph = { ids, nos: yield* insertAccounts(ids) }
    yield* insertFollows(ids, graph)
    yield* insertPosts(loaded, options)
    if (options.token !== undefined) yield* insertTokens(sql, ids, options.token)
    yield* settle(sql)
    return loaded
  }).pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(postgresUrl), applicationName: "rookery bench" })))
