/**
 * Writes in bulk, for the importer: whole graphs and their posts, past the actors that otherwise own these rows.
 *
 * Counters and sequences come out right and every call may be repeated, but nobody is told: windows and follower sets
 * that are in memory do not know. For a database that no runner serves, or before its runners restart.
 */
import type { AccountId, LocalNo, PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { StoreError } from "../StoreError.ts"
import { usernameKey } from "./AccountStorePostgres.ts"
import { int2s, int4s, int8s, operation, storable, texts } from "./statement.ts"

type Import<A> = Effect.Effect<A, StoreError, SqlClient.SqlClient>

export interface ImportAccount {
  /** Used if the name is new. */
  readonly id: AccountId
  readonly shard: number
  readonly username: string
}

export interface ImportedAccount {
  readonly id: AccountId
  readonly no: LocalNo
  readonly username: string
  /** It has the name, and lives in another datacenter. */
  readonly remote: boolean
}

export interface ImportEdge {
  readonly follower: AccountId
  readonly followee: AccountId
}

export interface ImportPost {
  readonly id: PostId
  readonly author: AccountId
  readonly authorNo: LocalNo
  readonly text: string
}

export interface ImportProgress {
  readonly nextLine: number
  readonly finished: boolean
}

/** Those of these names that are there, in any order. At most 10,000. */
export const accountsNamed = (usernames: ReadonlyArray<string>): Import<ReadonlyArray<ImportedAccount>> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.accounts", sql<ImportedAccount>`
      SELECT id, no, username, remote FROM accounts WHERE username_key = ANY(${texts(usernames.map(usernameKey))})`))

const insertAccounts = (accounts: ReadonlyArray<ImportAccount>, begun: boolean): Import<ReadonlyArray<ImportedAccount>> => {
  const ids = int8s(accounts.map((account) => account.id))
  const usernames = accounts.map(({ username }) => storable(username))
  return Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* operation("import.accounts", sql`
      WITH begun AS (
        DELETE FROM username_attempts WHERE account IN (
          SELECT account FROM username_attempts WHERE account = ANY(${ids}) ORDER BY account FOR UPDATE
        ) RETURNING account
      ), made AS (
        INSERT INTO accounts (id, shard, username, username_key)
        SELECT i.* FROM unnest(${ids}, ${int2s(accounts.map((account) => account.shard))}, ${texts(usernames)},
          ${texts(usernames.map(usernameKey))}) AS i (id, shard, username, key)
        WHERE NOT ${begun} OR i.id IN (SELECT account FROM begun)
        ON CONFLICT (username_key) DO NOTHING RETURNING id, no
      ), authors AS (INSERT INTO authors (account, no) SELECT id, no FROM made)
      INSERT INTO readers (account) SELECT id FROM made`)
    // The new ones are not visible to their own statement.
    return yield* accountsNamed(usernames)
  })
}

/** Creates the accounts whose names are new; answers all of them as they stand, in any order. At most 10,000, each name once. */
export const importAccounts = (accounts: ReadonlyArray<ImportAccount>) => insertAccounts(accounts, false)

/** As `importAccounts`, of those whose names are claimed in the world (`ClaimStore.begin`): none is created that was given up since. */
export const importBegun = (accounts: ReadonlyArray<ImportAccount>) => insertAccounts(accounts, true)

/**
 * Makes edges active, with all counters; answers how many were not. Edges of unknown accounts, of an account to itself, and
 * those that stand already are left out. At most 10,000. Locks go readers, edges, authors, as when one follows.
 */
export const importEdges = (edges: ReadonlyArray<ImportEdge>): Import<number> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.edges", Effect.map(
      sql<{ changed: bigint }>`
        WITH input AS MATERIALIZED (
          SELECT DISTINCT a.id AS follower, b.id AS followee, a.no AS follower_no, b.no AS followee_no, a.shard
          FROM unnest(${int8s(edges.map((edge) => edge.follower))}, ${int8s(edges.map((edge) => edge.followee))})
            AS i (follower, followee)
          JOIN accounts a ON a.id = i.follower JOIN accounts b ON b.id = i.followee WHERE a.id <> b.id
        ), locked AS MATERIALIZED (
          SELECT r.account FROM readers r
          WHERE r.account IN (SELECT follower FROM input) ORDER BY r.account FOR UPDATE
        ), edge AS MATERIALIZED (
          INSERT INTO follows AS f (follower, followee, follower_no, followee_no, follower_shard, active)
          SELECT follower, followee, follower_no, followee_no, shard, true
          FROM input JOIN locked ON account = follower ORDER BY follower, followee
          ON CONFLICT (follower, followee) DO UPDATE SET active = true, version = f.version + 1, id = excluded.id,
            created_at = excluded.created_at WHERE NOT f.active
          RETURNING f.follower, f.followee
        ), read AS (
          UPDATE readers SET follow_version = follow_version + 1, following = following + made.n
          FROM (SELECT follower, count(*) AS n FROM edge GROUP BY follower) made WHERE account = made.follower
        ), written AS MATERIALIZED (
          SELECT a.account, made.n FROM (SELECT followee, count(*) AS n FROM edge GROUP BY followee) made
          JOIN authors a ON a.account = made.followee ORDER BY a.account FOR UPDATE OF a
        ), counted AS (
          UPDATE authors a SET followers = followers + n, edge_sequence = edge_sequence + n
          FROM written WHERE a.account = written.account
        )
        SELECT count(*) AS changed FROM edge`,
      ([row]) => Number(row!.changed)
    )))

/** Writes public posts without fan-out; answers how many were not there. Posts of unknown authors are an error of the caller's. At most 10,000. */
export const importPosts = (posts: ReadonlyArray<ImportPost>): Import<number> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.posts", Effect.map(
      sql<{ made: bigint }>`
        WITH made AS MATERIALIZED (
          INSERT INTO posts (id, author, author_no, visibility, text)
          SELECT id, author, no, 0, text FROM unnest(${int8s(posts.map((post) => post.id))},
            ${int8s(posts.map((post) => post.author))}, ${int4s(posts.map((post) => post.authorNo))},
            ${texts(posts.map((post) => storable(post.text)))}) AS i (id, author, no, text)
          ORDER BY id ON CONFLICT DO NOTHING RETURNING author, id
        ), written AS MATERIALIZED (
          SELECT a.account, n, at FROM (
            SELECT author, count(*) AS n, max(id) AS at FROM made GROUP BY author
          ) m JOIN authors a ON a.account = m.author ORDER BY a.account FOR UPDATE OF a
        ), counted AS (
          UPDATE authors a SET statuses = statuses + n,
            last_status_at = greatest(last_status_at, to_timestamp(((at >> 22) + ${BigInt(Snowflake.epochMillis)}) / 1000.0))
          FROM written WHERE a.account = written.account
        )
        SELECT count(*) AS made FROM made`,
      ([row]) => Number(row!.made)
    )))

/**
 * Raises the versions of those in whose home timelines posts of these accounts belong, the accounts' own included: copies of their
 * windows that lack the posts are then not used. At most 10,000.
 */
export const outdateReaders = (authors: ReadonlyArray<AccountId>): Import<void> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.readers", Effect.asVoid(sql`
      WITH authors AS MATERIALIZED (
        SELECT * FROM unnest(${int8s(authors)}) AS a (id)
      ), audience AS MATERIALIZED (
        SELECT id AS account FROM authors
        UNION SELECT f.follower FROM authors JOIN follows f ON f.followee = authors.id WHERE f.active
      ), locked AS MATERIALIZED (
        SELECT r.account FROM readers r WHERE r.account IN (SELECT account FROM audience) ORDER BY r.account FOR UPDATE
      )
      UPDATE readers SET follow_version = follow_version + 1 FROM locked WHERE readers.account = locked.account`)))

/** How far the file with this hash was imported; undefined when it was never begun. */
export const importProgress = (fileHash: string): Import<ImportProgress | undefined> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.progress", Effect.map(
      sql<{ nextLine: bigint; finished: boolean }>`
        SELECT next_line AS "nextLine", finished FROM imports WHERE file_hash = ${fileHash}`,
      ([row]) => row && { nextLine: Number(row.nextLine), finished: row.finished }
    )))

export const saveImportProgress = (fileHash: string, progress: ImportProgress): Import<void> =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    operation("import.progress", Effect.asVoid(sql`
      INSERT INTO imports (file_hash, next_line, finished)
      VALUES (${fileHash}, ${BigInt(progress.nextLine)}, ${progress.finished})
      ON CONFLICT (file_hash) DO UPDATE SET next_line = excluded.next_line, finished = excluded.finished,
        updated_at = now()`)))
