/**
 * Puts a generated graph into a fresh database in bulk: accounts, edges, counters, old posts, and a token for whoever
 * shall speak over HTTP. What comes out is what the actors would have written, one by one, in hours.
 */
import { PgClient } from "@effect/sql-pg"
import * as FanoutMode from "@rookery/domain/FanoutMode"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Client from "@rookery/store/postgres/client"
import { int2s, int4s, int8s, texts } from "@rookery/store/postgres/statement"
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
const chunkRows = 20_000
/** Old posts lie between so long ago and an hour ago: nothing of the bench's own is mixed in with them. */
const historyMillis = 5 * 86_400_000
const hourMillis = 3_600_000
const textBytes = 140

/** As `effect/cluster` maps entity ids to shards; a wrong one would leave readers without deliveries, which the benches notice. */
const shardOf = (id: bigint): number => Math.abs(Hash.string(String(id)) % shardsPerGroup) + 1

const idAt = (millis: number, counter: number): bigint =>
  Snowflake.make(millis, machineFrom + ((counter >> 12) & 63), counter & Snowflake.sequenceMax)

const chunked = <E, R>(count: number, insert: (from: number, to: number) => Effect.Effect<unknown, E, R>) =>
  Effect.forEach(
    Array.from({ length: Math.ceil(count / chunkRows) }, (_, i) => i * chunkRows),
    (from) => insert(from, Math.min(count, from + chunkRows)),
    { discard: true }
  )

const range = (from: number, to: number): Array<number> => Array.from({ length: to - from }, (_, i) => from + i)

/** Fresh tables number accounts from 1 in the order of insertion. */
const insertAccounts = (sql: PgClient.PgClient, ids: BigInt64Array) =>
  chunked(ids.length, (from, to) => {
    const part = Array.from(ids.subarray(from, to))
    return sql`
      WITH made AS (
        INSERT INTO accounts (id, no, shard, username, username_key, display_name) OVERRIDING SYSTEM VALUE
        SELECT i.id, i.no, i.shard, 'b' || i.no, 'b' || i.no, 'Bench ' || i.no
        FROM unnest(${int8s(part)}, ${int4s(range(from + 1, to + 1))}, ${int2s(part.map(shardOf))}) AS i (id, no, shard)
        RETURNING id, no
      ), author AS (INSERT INTO authors (account, no) SELECT id, no FROM made)
      INSERT INTO readers (account) SELECT id FROM made`
  })

const insertFollows = (sql: PgClient.PgClient, graph: FollowGraph) => {
  let follower = 0
  return chunked(graph.followees.length, (from, to) => {
    const followers = range(from, to).map((edge) => {
      while (graph.starts[follower + 1]! <= edge) follower++
      return follower + 1
    })
    const followees = Array.from(graph.followees.subarray(from, to), (followee) => followee + 1)
    return sql`
      INSERT INTO follows (follower, followee, follower_no, followee_no, follower_shard, active)
      SELECT a.id, b.id, a.no, b.no, a.shard, true
      FROM unnest(${int4s(followers)}, ${int4s(followees)}) AS e (follower, followee)
      JOIN accounts a ON a.no = e.follower JOIN accounts b ON b.no = e.followee`
  })
}

/** In the order of their times, as real ones come: pages and indexes then look as they do in life. */
const insertPosts = (sql: PgClient.PgClient, ids: BigInt64Array, options: LoadOptions) => {
  const random = Seeded.make(options.seed)
  const authors: Array<number> = []
  for (let i = 0; i < ids.length; i++) for (let n = options.postsPerAccount(i); n > 0; n--) authors.push(i + 1)
  for (let i = authors.length - 1; i > 0; i--) {
    const other = random.int(i + 1)
    ;[authors[i], authors[other]] = [authors[other]!, authors[i]!]
  }
  const start = Date.now() - historyMillis
  const step = (historyMillis - hourMillis) / Math.max(1, authors.length)
  return chunked(authors.length, (from, to) => {
    const postIds = range(from, to).map((i) => idAt(start + Math.floor(i * step), i))
    return sql`
      INSERT INTO posts (id, author, author_no, visibility, language, text)
      SELECT p.id, a.id, a.no, 0, 'en', rpad('old post ' || p.id || ' ', ${textBytes}::int, 'the quick brown fox jumps over the lazy dog ')
      FROM unnest(${int8s(postIds)}, ${int4s(authors.slice(from, to))}) AS p (id, author) JOIN accounts a ON a.no = p.author`
  })
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

/** The rows' own counters, and the mode of those whom their followers' number puts past the threshold. */
const settle = (sql: PgClient.PgClient) =>
  Effect.gen(function*() {
    const pull = FanoutMode.modes.indexOf("pull")
    yield* sql`
      UPDATE authors SET followers = f.n, edge_sequence = f.n,
        mode = CASE WHEN f.n >= ${FanoutMode.defaultThreshold.promoteAt}::int THEN ${pull}::int ELSE 0 END,
        heading = CASE WHEN f.n >= ${FanoutMode.defaultThreshold.promoteAt}::int THEN 1 ELSE 0 END
      FROM (SELECT followee, count(*)::int AS n FROM follows GROUP BY followee) f WHERE account = f.followee`
    yield* sql`
      UPDATE readers SET following = f.n FROM (SELECT follower, count(*)::int AS n FROM follows GROUP BY follower) f
      WHERE account = f.follower`
    yield* sql`
      UPDATE authors SET statuses = p.n, last_status_at = now() - interval '1 hour'
      FROM (SELECT author, count(*)::int AS n FROM posts GROUP BY author) p WHERE account = p.author`
    yield* sql`SELECT setval(pg_get_serial_sequence('accounts', 'no'), (SELECT max(no) FROM accounts))`
    for (const table of ["accounts", "authors", "readers", "follows", "posts", "oauth_tokens"]) {
      yield* sql.unsafe(`VACUUM (ANALYZE) ${table}`)
    }
  })

export const loadGraph = (postgresUrl: string, graph: FollowGraph, options: LoadOptions) =>
  Effect.gen(function*() {
    const sql = yield* PgClient.PgClient
    const start = Date.now() - historyMillis - graph.accounts
    const ids = BigInt64Array.from(range(0, graph.accounts), (i) => idAt(start + (i >> 4), i))
    yield* insertAccounts(sql, ids)
    yield* insertFollows(sql, graph)
    yield* insertPosts(sql, ids, options)
    if (options.token !== undefined) yield* insertTokens(sql, ids, options.token)
    yield* settle(sql)
    const loaded: LoadedGraph = { ids, nos: Uint32Array.from(range(1, graph.accounts + 1)) }
    return loaded
  }).pipe(Effect.provide(Client.operatorLayer({ url: Redacted.make(postgresUrl), applicationName: "rookery bench" })))
