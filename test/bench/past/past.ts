/** What compressing a month saves, and what reading it costs then. */
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Stores from "@rookery/store/postgres/layer"
import { step } from "@rookery/store/postgres/past/past"
import { readerOf } from "@rookery/store/postgres/past/reader"
import { status } from "@rookery/store/postgres/past/status"
import { int8s, texts } from "@rookery/store/postgres/statement"
import { PostStore } from "@rookery/store/PostStore"
import * as Seeded from "@rookery/testkit/Seeded"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import * as Embedded from "../embedded.ts"
import { type Bench, type BenchOptions, whole } from "../harness/Bench.ts"
import * as Words from "./words.ts"

const monthStart = Date.UTC(2025, 2, 1)
const monthMillis = 31 * 86_400_000
const authors = 2_000
const pageLength = 20
const batch = 5_000

const database = Effect.gen(function*() {
  const client = yield* Embedded.database
  return yield* Layer.build(Layer.provideMerge(Stores.layer, client))
})

/** In the order of their ids, evenly over the month; answers the mean length of a text. */
const publish = (count: number, random: Seeded.Seeded) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    let bytes = 0
    for (let at = 0; at < count; at += batch) {
      const rows = Array.from({ length: Math.min(batch, count - at) }, (_, i) => ({
        id: Snowflake.make(monthStart + Math.floor(monthMillis * (at + i) / count), random.int(4), i % 4_096),
        author: BigInt(1 + Math.floor(authors * random.next() ** 2)),
        text: Words.text(random)
      }))
      bytes += rows.reduce((sum, row) => sum + Buffer.byteLength(row.text), 0)
      yield* sql`
        INSERT INTO posts (id, author, author_no, visibility, text, language)
        SELECT id, author, author::int, 0, text, 'en' FROM unnest(${int8s(rows.map((row) => row.id))},
          ${int8s(rows.map((row) => row.author))}, ${texts(rows.map((row) => row.text))}) AS r (id, author, text)`
    }
    return bytes / count
  })

/** The same rows in a table whose texts Postgres itself compresses, where it can, without indexes. The embedded server has no lz4. */
const toasted = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql.unsafe("CREATE TABLE toasted (LIKE posts INCLUDING DEFAULTS) WITH (toast_tuple_target = 128)")
  yield* sql.unsafe("ALTER TABLE toasted ALTER COLUMN text SET COMPRESSION pglz")
  yield* sql.unsafe("INSERT INTO toasted SELECT * FROM posts_early")
  const [row] = yield* sql<{ toast: number; heap: number }>`
    SELECT pg_table_size('toasted')::float8 AS toast, pg_table_size('posts_early')::float8 AS heap`
  yield* sql.unsafe("DROP TABLE toasted")
  return row!
})

const pagesOf = (count: number, random: Seeded.Seeded) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* Effect.forEach(Array.from({ length: count }), () =>
      Effect.map(
        sql<{ id: PostId }>`
          SELECT id FROM posts WHERE author = ${BigInt(1 + random.int(authors))} AND deleted_at IS NULL
            AND id < ${Snowflake.floorAt(monthStart + random.int(monthMillis))} ORDER BY id DESC LIMIT ${pageLength}`,
        (rows) => rows.map((row) => row.id)
      ))
  })

interface Latency {
  readonly how: string
  readonly p50: number
  readonly p99: number
}

const latency = (how: string, pages: ReadonlyArray<ReadonlyArray<PostId>>, isCold: boolean) =>
  Effect.gen(function*() {
    const posts = yield* PostStore
    const reader = readerOf(yield* SqlClient.SqlClient)
    const millis: Array<number> = []
    for (const ids of pages) {
      if (isCold) reader.clear()
      const start = performance.now()
      const found = yield* posts.byIds(ids)
      millis.push(performance.now() - start)
      if (found.length !== ids.length || found.some((post) => post.text === "")) return yield* Effect.fail(new Error("a post was not read"))
    }
    const sorted = millis.toSorted((a, b) => a - b)
    return { how, p50: sorted[Math.floor(sorted.length * 0.5)]!, p99: sorted[Math.floor(sorted.length * 0.99)]! } satisfies Latency
  })

const pack = Effect.gen(function*() {
  const before = Snowflake.floorAt(Date.now())
  const start = performance.now()
  for (;;) {
    const { did } = yield* step(before)
    if (did === "idle") break
  }
  return { seconds: (performance.now() - start) / 1_000, part: (yield* status(before)).parts[0]! }
})

const megabytes = (bytes: number): number => Math.round(bytes / 100_000) / 10
const millis = (value: number): number => Math.round(value * 100) / 100

const measure = (options: BenchOptions) =>
  Effect.gen(function*() {
    const random = Seeded.make(options.seed)
    const count = whole(options, "posts", Math.round(200_000 * options.scale))
    const mean = yield* publish(count, random)
    const pages = yield* pagesOf(whole(options, "pages", 400), random)
    const sizes = yield* toasted
    yield* latency("first", pages, false)
    const plain = yield* latency("not compressed", pages, false)
    const { part, seconds } = yield* pack
    const cold = yield* latency("compressed, every chunk read anew", pages, true)
    yield* latency("first", pages.slice(0, 5), false)
    const again = Array.from({ length: 80 }, () => pages.slice(0, 5)).flat()
    const warm = yield* latency("compressed, chunks in memory", again, false)
    return { count, mean, sizes, latencies: [plain, cold, warm], part, seconds }
  })

const report = (options: BenchOptions) =>
  Effect.gen(function*() {
    const found = yield* measure(options)
    const { bytesAfter, bytesBefore } = found.part
    const sql = yield* SqlClient.SqlClient
    const [chunks] = yield* sql<{ raw: number; data: number; narrow: number }>`
      SELECT sum(raw_bytes)::float8 AS raw, sum(octet_length(data))::float8 AS data, pg_table_size('posts_early')::float8 AS narrow FROM past_chunks`
    return {
      tables: [{
        title: `A month of ${found.count} posts, ${Math.round(found.mean)} bytes of text each`,
        columns: ["what", "MB", "bytes a post"],
        rows: [
          ["not compressed, with indexes", bytesBefore],
          ["compressed, with indexes and chunks", bytesAfter],
          ["rows alone, not compressed", found.sizes.heap],
          ["rows alone, Postgres' own compression (pglz, TOAST from 128 bytes)", found.sizes.toast],
          ["rows alone, without their words", chunks!.narrow],
          ["words in chunks, before zstd", chunks!.raw],
          ["words in chunks", chunks!.data]
        ].map(([what, bytes]) => [String(what), megabytes(Number(bytes)), Math.round(Number(bytes) / found.count)])
      }, {
        title: `Reading pages of ${pageLength} posts of an author by their ids, ms`,
        columns: ["how", "p50", "p99"],
        rows: found.latencies.map(({ how, p50, p99 }) => [how, millis(p50), millis(p99)])
      }, {
        title: "Compressing",
        columns: ["seconds", "posts/s"],
        rows: [[Math.round(found.seconds * 10) / 10, Math.round(found.count / found.seconds)]]
      }],
      charts: [],
      goals: [{
        what: "space saved, indexes counted",
        goal: "shown",
        measured: `${Math.round(100 * (1 - bytesAfter / bytesBefore))} %`,
        isMet: bytesAfter < bytesBefore
      }],
      data: { ...found, chunks }
    }
  })

export const past: Bench = {
  name: "past",
  about: "space saved by compressing a month of old posts, and what reading them costs",
  options: { posts: "in the month; 200,000 times the scale", pages: "read in each way; 400" },
  run: (options) => Effect.flatMap(database, (context) => Effect.provideContext(report(options), context))
}
