/** What a datacenter keeps of the others, and of what it tells them. */

/**
 * Whose an id is. One datacenter owns all there is; `gossip_enable` puts the topology's machines in place of that. Both are
 * inlined into the statements that ask, so that one datacenter pays nothing.
 */
const homes = [
  "CREATE FUNCTION home_of(id bigint) RETURNS smallint LANGUAGE sql IMMUTABLE AS 'SELECT 0::smallint'",
  "CREATE FUNCTION is_remote(id bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false'",
  "CREATE TABLE gossip_datacenters (number smallint PRIMARY KEY, name text NOT NULL UNIQUE, own boolean NOT NULL, homes smallint[] NOT NULL)"
]

/**
 * Accounts of others are shadows: rows with a local number and shard, without a reader. Version 0 is of one whose profile did
 * not come yet; it counts as disabled, so nothing of it is shown, and its name is none that anybody could have.
 */
const shadows = [
  `ALTER TABLE accounts ADD COLUMN remote boolean NOT NULL DEFAULT false, ADD COLUMN gone boolean NOT NULL DEFAULT false,
     ADD COLUMN gossip_version bigint NOT NULL DEFAULT 1`,
  "CREATE INDEX accounts_unnamed ON accounts (id) WHERE remote AND NOT gone AND left(username_key, 1) = '#'",
  // Of an own account: its followers elsewhere. Of a shadow: all that its home says it has.
  `ALTER TABLE authors ADD COLUMN followers_elsewhere integer NOT NULL DEFAULT 0,
     ADD COLUMN following_elsewhere integer NOT NULL DEFAULT 0`,
  // 0: the text is here. 1: it is with the owner.
  "ALTER TABLE posts ADD COLUMN content smallint NOT NULL DEFAULT 0"
]

/** A sequence, drawn from while the record's row is locked, orders the versions of each record. */
const versions = "CREATE SEQUENCE gossip_versions START 2"

/**
 * A bucket of each pair of ids, by which pairs are compared between datacenters in parts. The follow is its follower's
 * home's to write, the answer (to the follow of `answer_version`) its followee's.
 */
const bucket = (one: string, other: string) =>
  `bucket integer GENERATED ALWAYS AS ((hashint8extended(${one}, ${other}) & 65535)::integer) STORED`

const pairs = [
  `CREATE TABLE remote_follows (
     follower bigint NOT NULL,
     followee bigint NOT NULL,
     version bigint NOT NULL DEFAULT 0,
     active boolean NOT NULL DEFAULT false,
     asked boolean NOT NULL DEFAULT false,
     answer_version bigint NOT NULL DEFAULT 0,
     verdict smallint NOT NULL DEFAULT 0,
     ${bucket("follower", "followee")},
     PRIMARY KEY (follower, followee)
   )`,
  "CREATE INDEX remote_follows_bucket ON remote_follows (bucket)",
  "CREATE INDEX remote_follows_of_followee ON remote_follows (followee)",
  `CREATE TABLE remote_blocks (
     account bigint NOT NULL,
     target bigint NOT NULL,
     version bigint NOT NULL,
     active boolean NOT NULL,
     ${bucket("account", "target")},
     PRIMARY KEY (account, target)
   )`,
  "CREATE INDEX remote_blocks_bucket ON remote_blocks (bucket)",
  `CREATE TABLE remote_likes (
     account bigint NOT NULL,
     post_id bigint NOT NULL,
     version bigint NOT NULL,
     active boolean NOT NULL,
     ${bucket("account", "post_id")},
     PRIMARY KEY (account, post_id)
   )`,
  "CREATE INDEX remote_likes_bucket ON remote_likes (bucket)"
]

/** Numbers as their datacenter last said them; the own datacenter's row is what it last told. */
const numbers = [
  `CREATE TABLE post_counts_elsewhere (
     post_id bigint NOT NULL,
     datacenter smallint NOT NULL,
     version bigint NOT NULL,
     likes integer NOT NULL,
     reposts integer NOT NULL,
     replies integer NOT NULL,
     PRIMARY KEY (post_id, datacenter)
   ) WITH (fillfactor = 80)`,
  `CREATE TABLE account_counts (
     account bigint PRIMARY KEY,
     version bigint NOT NULL,
     followers integer NOT NULL,
     following integer NOT NULL,
     statuses integer NOT NULL,
     last_status_at bigint NOT NULL
   ) WITH (fillfactor = 80)`,
  "CREATE TABLE accounts_gone (id bigint PRIMARY KEY, version bigint NOT NULL)"
]

/** -1 goes to everybody. Rows live for moments, as in `outbox`; a row that has a batch is shipped under its number. */
const outgoing = [
  `CREATE TABLE gossip_outbox (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     destination smallint NOT NULL,
     kind smallint NOT NULL,
     key bigint NOT NULL,
     payload jsonb NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now(),
     batch bigint
   ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`,
  "CREATE INDEX gossip_outbox_batch ON gossip_outbox (batch) WHERE batch IS NOT NULL",
  `CREATE TABLE gossip_batches (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     destination smallint NOT NULL,
     created_at timestamptz NOT NULL DEFAULT now()
   )`,
  "CREATE TABLE gossip_marks (kind smallint NOT NULL, key bigint NOT NULL, PRIMARY KEY (kind, key))"
]

const refused = `
CREATE TABLE gossip_refused (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  origin text NOT NULL,
  reason text NOT NULL,
  data bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
)`

export const tables: ReadonlyArray<string> = [
  ...homes, ...shadows, versions, ...pairs, ...numbers, ...outgoing, refused
]
