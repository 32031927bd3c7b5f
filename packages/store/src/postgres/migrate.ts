/** Brings a database to the schema of this program, and checks that it belongs to this cluster. */
import { Effect, Schema } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import accounts from "./migrations/0001_accounts.ts"
import follows from "./migrations/0002_follows.ts"
import posts from "./migrations/0003_posts.ts"
import work from "./migrations/0004_work.ts"
import oauthCodes from "./migrations/0005_oauth_codes.ts"
import relations from "./migrations/0006_relations.ts"
import postParts from "./migrations/0007_post_parts.ts"
import notifications from "./migrations/0008_notifications.ts"
import media from "./migrations/0009_media.ts"
import search from "./migrations/0010_search.ts"
import moderation from "./migrations/0011_moderation.ts"
import gossip from "./migrations/0020_gossip.ts"
import claims from "./migrations/0021_claims.ts"
import past from "./migrations/0022_past.ts"
import farWords from "./migrations/0023_far_words.ts"
import direct from "./migrations/0028_direct.ts"
import gone from "./migrations/0029_gone.ts"
import ends from "./migrations/0030_ends.ts"
import { ensurePartitions, schemaLock } from "./partitions.ts"

const run = Migrator.make({})({
  table: "rookery_migrations",
  loader: Migrator.fromRecord({
    "0001_accounts": accounts,
    "0002_follows": follows,
    "0003_posts": posts,
    "0004_work": work,
    "0005_oauth_codes": oauthCodes,
    "0006_relations": relations,
    "0007_post_parts": postParts,
    "0008_notifications": notifications,
    "0009_media": media,
    "0010_search": search,
    "0011_moderation": moderation,
    "0020_gossip": gossip,
    "0021_claims": claims,
    "0022_past": past,
    "0023_far_words": farWords,
    "0028_direct": direct,
    "0029_gone": gone,
    "0030_ends": ends
  })
})

/**
 * Runs the migrations that are missing, all in one transaction, and creates the partitions to come. Idempotent. Of several
 * processes that start together one migrates and the others wait for it.
 */
export const migrate = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const locked = Effect.andThen(sql`SELECT pg_advisory_xact_lock(${schemaLock})`, run)
  const completed = yield* sql.withTransaction(locked)
  yield* ensurePartitions
  return completed
})

/** The database was made with a setting that must never change. */
class SettingMismatch extends Schema.TaggedError<SettingMismatch>()("SettingMismatch", {
  name: Schema.String,
  stored: Schema.String,
  given: Schema.String
}) {
  override get message(): string {
    return `this database was made with ${this.name} ${this.stored}; it cannot be used with ${this.name} ${this.given}`
  }
}

/** The members of a cluster were told differently. */
class MembersDiffer extends Schema.TaggedError<MembersDiffer>()("MembersDiffer", {
  name: Schema.String,
  stored: Schema.String,
  given: Schema.String
}) {
  override get message(): string {
    return `the members of this cluster run with ${this.name} ${this.stored}, this one was given ${this.given}: give it the same, or ` +
      `change it for all: stop every member, run "npm run rookery -- migrate" with the new value, and start them with it`
  }
}

/** Records a setting where it is not yet; answers the value that holds. */
const stored = (name: string, given: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO cluster_settings (name, value) VALUES (${name}, ${given}) ON CONFLICT DO NOTHING`
    const rows = yield* sql<{ value: string }>`SELECT value FROM cluster_settings WHERE name = ${name}`
    return rows[0]!.value
  })

/** Records the shard count at the first start; fails with `SettingMismatch` when it is another one later. */
export const checkSettings = (shardsPerGroup: number) =>
  Effect.gen(function*() {
    const name = "shardsPerGroup"
    const given = String(shardsPerGroup)
    const found = yield* stored(name, given)
    if (found !== given) return yield* new SettingMismatch({ name, stored: found, given })
  })

type Agreed = Readonly<Record<string, number>>

/** Records at the first start what all members must be told alike; fails with `MembersDiffer` when a later one is told otherwise. */
export const checkMember = (agreed: Agreed) =>
  Effect.forEach(Object.entries(agreed), ([name, value]) =>
    Effect.flatMap(stored(name, String(value)), (found) =>
      found === String(value) ? Effect.void : Effect.fail(new MembersDiffer({ name, stored: found, given: String(value) }))), { discard: true })

/** Records other values instead. Only while no member runs, which `lock`, that each of them shares, proves. */
export const recordAgreed = (agreed: Agreed, lock: bigint) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ taken: boolean }>`SELECT pg_try_advisory_xact_lock(${lock}) AS taken`
    if (row?.taken !== true) return yield* checkMember(agreed)
    for (const [name, value] of Object.entries(agreed)) {
      yield* sql`
        INSERT INTO cluster_settings (name, value) VALUES (${name}, ${String(value)})
        ON CONFLICT (name) DO UPDATE SET value = excluded.value`
    }
  }).pipe((record) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.withTransaction(record)))
