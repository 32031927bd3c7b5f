/** The same posts put into a table by themselves: nothing told, counted, tagged or fanned out, and nobody asks whether they stand already. */
import type { PostFact } from "@rookery/domain/GossipFact"
import { bools, int2s, int4s, int8s } from "@rookery/store/postgres/statement"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { Table } from "../harness/Table.ts"

export interface BareFigure {
  /** In one INSERT, which is a transaction of its own. */
  readonly rows: number
  /** Connections that do it at once. */
  readonly connections: number
  readonly postsPerSecond: number
}

/** As many rows and connections as the largest transactions of ours have; and a transaction for each post on all connections of the pool. */
const ways = [
  { rows: 1, connections: 8, postsMax: 20_000 },
  { rows: 5_000, connections: 1, postsMax: Number.POSITIVE_INFINITY },
  { rows: 5_000, connections: 2, postsMax: Number.POSITIVE_INFINITY }
]

const insert = (sql: SqlClient.SqlClient, posts: ReadonlyArray<PostFact>) =>
  sql`
    INSERT INTO bare_posts (id, author, author_no, version, visibility, sensitive, reply_to, reply_to_author, repost_of, conversation)
    SELECT id, author, 1, version, visibility, sensitive, reply_to, reply_to_author, repost_of, conversation
    FROM unnest(${int8s(posts.map((post) => post.id))}, ${int8s(posts.map((post) => post.author))},
      ${int4s(posts.map((post) => post.version))}, ${int2s(posts.map((post) => post.visibility))},
      ${bools(posts.map((post) => post.sensitive))}, ${int8s(posts.map((post) => post.replyTo))},
      ${int8s(posts.map((post) => post.replyToAuthor))}, ${int8s(posts.map((post) => post.repostOf))},
      ${int8s(posts.map((post) => post.conversation))})
    AS i (id, author, version, visibility, sensitive, reply_to, reply_to_author, repost_of, conversation)`

const measureWay = (posts: ReadonlyArray<PostFact>, { connections, rows }: (typeof ways)[number]) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    // The columns and indexes of posts, without its triggers and partitions.
    yield* sql.unsafe("CREATE TABLE bare_posts (LIKE posts INCLUDING DEFAULTS INCLUDING INDEXES)")
    const parts = Array.from({ length: Math.ceil(posts.length / rows) }, (_, i) => posts.slice(i * rows, (i + 1) * rows))
    const start = performance.now()
    yield* Effect.forEach(parts, (part) => insert(sql, part), { concurrency: connections, discard: true })
    const seconds = (performance.now() - start) / 1_000
    yield* sql.unsafe("DROP TABLE bare_posts")
    return { rows, connections, postsPerSecond: Math.round(posts.length / seconds) } satisfies BareFigure
  })

/** All ways, one after the other, on the database that took the announcements in. */
export const measure = (posts: ReadonlyArray<PostFact>) =>
  Effect.forEach(ways, (way) => measureWay(posts.slice(0, way.postsMax), way))

export const bareTable = (figures: ReadonlyArray<BareFigure>): Table => ({
  title: "Postgres by itself: the same posts inserted into a table with the same indexes, from objects in memory to the commit",
  columns: ["connections", "rows in a transaction", "posts/s"],
  rows: figures.map((figure) => [figure.connections, figure.rows, figure.postsPerSecond])
})
