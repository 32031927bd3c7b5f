/** Shadows of accounts: made nameless when they are first named, filled by their home's facts. */
import type { AccountId } from "@rookery/domain/Ids"
import type { AccountCountsFact, AccountFact } from "@rookery/domain/GossipFact"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { usernameKey } from "../AccountStorePostgres.ts"
import { bools, int2s, int4s, int8s, storable, texts } from "../statement.ts"
import { fieldsOf, type Settings } from "./settings.ts"

type Sql<A> = Effect.Effect<A, SqlError.SqlError>

/** What no name can be, and no two accounts have. */
const nameless = (id: bigint): string => `#${id}`

/** Makes placeholders of those that are not here; answers them. Own ids that are not here are accounts that were deleted. */
export const ensure = (
  sql: SqlClient.SqlClient,
  { shardOf }: Settings,
  ids: ReadonlyArray<bigint>
): Sql<ReadonlyArray<AccountId>> =>
  Effect.gen(function*() {
    if (ids.length === 0) return []
    const missing = yield* sql<{ id: bigint }>`
      SELECT i.id FROM unnest(${int8s(ids)}) AS i (id)
      WHERE is_remote(i.id) AND NOT EXISTS (SELECT FROM accounts a WHERE a.id = i.id)`
    if (missing.length === 0) return []
    const shards = missing.map(({ id }) => shardOf(String(id)))
    const made = yield* sql<{ id: AccountId }>`
      WITH made AS (
        INSERT INTO accounts (id, shard, username, username_key, remote, disabled_at, gossip_version)
        SELECT id, shard, '', '#' || id, true, now(), 0
        FROM unnest(${int8s(missing.map(({ id }) => id))}, ${int2s(shards)}) AS i (id, shard) ORDER BY id
        ON CONFLICT DO NOTHING RETURNING id, no
      )
      INSERT INTO authors (account, no, disabled) SELECT id, no, true FROM made RETURNING account AS id`
    return made.map((row) => row.id)
  })

/** The keys that the facts' names may have: a name that another account holds here stays unclaimed, and is tried again. */
const keysOf = (sql: SqlClient.SqlClient, facts: ReadonlyArray<Pick<AccountFact, "id" | "username" | "gone">>) =>
  Effect.map(
    sql<{ key: string; id: AccountId }>`
      SELECT username_key AS key, id FROM accounts
      WHERE username_key = ANY(${texts(facts.map((fact) => usernameKey(fact.username)))})`,
    (rows) => {
      const holders = new Map<string, bigint>(rows.map((row) => [row.key, row.id]))
      return facts.map((fact) => {
        const key = usernameKey(fact.username)
        const holder = holders.get(key)
        if (fact.gone || key === "" || (holder !== undefined && holder !== fact.id)) return nameless(fact.id)
        holders.set(key, fact.id)
        return key
      })
    }
  )

/** Answers the accounts that can be heard of from now on: what they did before is to be told. */
const fill = (sql: SqlClient.SqlClient, facts: ReadonlyArray<AccountFact>, keys: ReadonlyArray<string>) =>
  Effect.map(
    sql<{ id: AccountId }>`
      WITH input AS MATERIALIZED (
        SELECT * FROM unnest(${int8s(facts.map((fact) => fact.id))}, ${int8s(facts.map((fact) => BigInt(fact.version)))},
          ${texts(keys)}, ${texts(facts.map((fact) => storable(fact.username)))},
          ${texts(facts.map((fact) => storable(fact.displayName)))}, ${texts(facts.map((fact) => storable(fact.note)))},
          ${texts(facts.map((fact) => storable(fieldsOf(fact))))}, ${bools(facts.map((fact) => fact.locked))},
          ${bools(facts.map((fact) => fact.bot))}, ${bools(facts.map((fact) => fact.discoverable))},
          ${bools(facts.map((fact) => fact.suspended || fact.gone))}, ${bools(facts.map((fact) => fact.gone))},
          ${texts(facts.map((fact) => fact.avatar))}, ${texts(facts.map((fact) => fact.header))})
        AS i (id, version, key, username, display_name, note, fields, locked, bot, discoverable, disabled, gone, avatar, header)
      ), before AS MATERIALIZED (
        SELECT i.*, a.disabled_at FROM accounts a JOIN input i ON i.id = a.id
        WHERE a.remote AND a.gossip_version < i.version ORDER BY a.id FOR UPDATE OF a
      ), changed AS (
        UPDATE accounts a SET username = b.username, username_key = b.key, display_name = b.display_name, note = b.note,
          fields = b.fields::jsonb, locked = b.locked, bot = b.bot, discoverable = b.discoverable, gone = b.gone,
          avatar = b.avatar, header = b.header,
          disabled_at = CASE WHEN b.disabled THEN coalesce(a.disabled_at, now()) END, gossip_version = b.version
        FROM before b WHERE a.id = b.id
        RETURNING a.id, a.disabled_at, b.disabled_at AS disabled_before
      ), author AS (
        UPDATE authors SET disabled = changed.disabled_at IS NOT NULL FROM changed WHERE account = changed.id
      )
      SELECT id FROM changed WHERE disabled_before IS NOT NULL AND disabled_at IS NULL`,
    (rows) => rows.map((row) => row.id)
  )

const unnamedMax = 100

/** Names that were held when their account came, and may be free by now. Claims make them rare. */
const claimNames = (sql: SqlClient.SqlClient) =>
  Effect.gen(function*() {
    const waiting = yield* sql<{ id: AccountId; username: string }>`
      SELECT id, username FROM accounts WHERE remote AND NOT gone AND left(username_key, 1) = '#' AND username <> ''
      ORDER BY id LIMIT ${unnamedMax}`
    if (waiting.length === 0) return
    const keys = yield* keysOf(sql, waiting.map((row) => ({ ...row, gone: false })))
    yield* sql`
      UPDATE accounts a SET username_key = i.key
      FROM unnest(${int8s(waiting.map((row) => row.id))}, ${texts(keys)}) AS i (id, key) WHERE a.id = i.id AND a.username_key <> i.key`
  })

export const profiles = (sql: SqlClient.SqlClient, facts: ReadonlyArray<AccountFact>): Sql<ReadonlyArray<AccountId>> =>
  Effect.gen(function*() {
    if (facts.length === 0) return []
    const woken = yield* fill(sql, facts, yield* keysOf(sql, facts))
    yield* claimNames(sql)
    return woken
  })

export const numbers = (sql: SqlClient.SqlClient, facts: ReadonlyArray<AccountCountsFact>): Sql<void> =>
  facts.length === 0 ? Effect.void : Effect.asVoid(sql`
    WITH fresh AS (
      INSERT INTO account_counts AS c (account, version, followers, following, statuses, last_status_at)
      SELECT * FROM unnest(${int8s(facts.map((fact) => fact.id))}, ${int8s(facts.map((fact) => BigInt(fact.version)))},
        ${int4s(facts.map((fact) => fact.followers))}, ${int4s(facts.map((fact) => fact.following))},
        ${int4s(facts.map((fact) => fact.statuses))}, ${int8s(facts.map((fact) => BigInt(fact.lastStatusAt)))}) ORDER BY 1
      ON CONFLICT (account) DO UPDATE SET version = excluded.version, followers = excluded.followers,
        following = excluded.following, statuses = excluded.statuses, last_status_at = excluded.last_status_at
      WHERE c.version < excluded.version RETURNING c.*
    )
    UPDATE authors a SET followers_elsewhere = f.followers, following_elsewhere = f.following, statuses = f.statuses,
      last_status_at = CASE WHEN f.last_status_at > 0 THEN timestamptz 'epoch' + f.last_status_at * interval '1 millisecond' END
    FROM fresh f WHERE a.account = f.account`)
