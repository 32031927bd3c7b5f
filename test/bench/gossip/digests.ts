/** What comparing a day costs where a day holds millions of posts: looking at all of it, at a bounded number of rows, and part by part. */
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Asks from "@rookery/protocol/Asks"
import { type GossipKind, type GossipRange, GossipStore } from "@rookery/store/GossipStore"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

export interface DigestFigure {
  readonly posts: number
  readonly kind: GossipKind
  /** Of those that are compared, the other datacenter's. */
  readonly count: number
  /**
   * Milliseconds: a digest of the whole day (undefined where it was cut off at the bound of all transactions), of no more rows than are
   * ever looked at, and of the day in as many parts as a split makes.
   */
  readonly whole: number | undefined
  readonly bounded: number
  readonly parts: number
  /** The slowest of the parts. */
  readonly partMax: number
}

const day = 86_400_000
const partsMax = 64
const insertedAtOnce = 50_000

/** Of posts, those of the other datacenter, and those that are direct. */
const foreignEach = 5
const directEach = 96

/** Whose a number is, and what makes it a post of theirs: the machines of the bench's topology are 1 and 101. */
const machineOf = `((CASE WHEN n % ${foreignEach} = 0 THEN 101 ELSE 1 END)::bigint << 12)`
const words = `'some hundred and forty letters, as a post has them ' || repeat('word ', 18)`

/** Posts of a day in their order, `step` places apart. Nobody is told. */
const makePosts = (sql: SqlClient.SqlClient, from: number, places: number, step: number, offset: number) =>
  Effect.gen(function*() {
    for (let at = 0; at < places; at += insertedAtOnce * step) {
      yield* sql.withTransaction(Effect.andThen(
        sql`SELECT set_config('rookery.quiet', 'on', true)`,
        sql`
          INSERT INTO posts (id, author, author_no, visibility, text, mentions)
          SELECT ((${BigInt(from)}::bigint + n * ${day}::bigint / ${places}::int) << 22) | ${sql.literal(machineOf)} | (n % 4096),
            (1::bigint << 22) | ${sql.literal(machineOf)}, 1, CASE WHEN n % ${directEach}::int = 0 THEN 3 ELSE 0 END, ${sql.literal(words)},
            CASE WHEN n % ${directEach}::int = 0 THEN jsonb_build_array(jsonb_build_object('id', ((1::bigint << 22) | (1 << 12))::text)) END
          FROM generate_series(${at + offset}::bigint, ${Math.min(places, at + insertedAtOnce * step) - 1}::bigint, ${step}::bigint) n`
      ))
    }
  })

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => performance.now() - start)
  })

const compared = (posts: number, kind: GossipKind, from: number) =>
  Effect.gen(function*() {
    const gossip = yield* GossipStore
    const range: GossipRange = { kind, origin: 1, asker: 0, from: BigInt(from) << 22n, to: BigInt(from + day) << 22n, deletedAfter: 0 }
    const step = (range.to - range.from) / BigInt(partsMax)
    const partOf = (i: number) => ({ ...range, from: range.from + BigInt(i) * step, to: range.from + BigInt(i + 1) * step })
    const whole = yield* Effect.catch(timed(gossip.digest(range, 1_000_000_000)), () => Effect.succeed(undefined))
    const bounded = yield* timed(gossip.digest(range, Asks.digestRowsMax))
    let count = 0
    const digestPart = (part: GossipRange) =>
      Effect.map(gossip.digest(part, Asks.digestRowsMax), (digest) => {
        count += digest.count
      })
    const parts = yield* Effect.forEach(Array.from({ length: partsMax }, (_, i) => partOf(i)), (part) => timed(digestPart(part)))
    const figure: DigestFigure = { posts, kind, count, whole, bounded, parts: parts.reduce((sum, millis) => sum + millis, 0), partMax: Math.max(...parts) }
    return figure
  })

/** Of a day of a million posts, and of one of four. */
export const measure = (million: number) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const from = Date.now() - 2 * day - Snowflake.epochMillis
    const kinds = ["posts", "direct"] as const
    yield* makePosts(sql, from, 4 * million, 4, 0)
    const few = yield* Effect.forEach(kinds, (kind) => compared(million, kind, from))
    yield* Effect.forEach([1, 2, 3], (offset) => makePosts(sql, from, 4 * million, 4, offset))
    return [...few, ...yield* Effect.forEach(kinds, (kind) => compared(4 * million, kind, from))]
  })
