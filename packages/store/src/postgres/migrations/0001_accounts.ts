/** Accounts, the hot rows beside them, and what lets client programs in. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * `no` is the dense local number. `username_key` is the case-folded NFKC name, `email` is lower-case.
 * `shard` is where the account lives, by the shard count that `cluster_settings` records.
 */
const accounts = `
CREATE TABLE accounts (
  id bigint PRIMARY KEY,
  no integer GENERATED ALWAYS AS IDENTITY UNIQUE,
  shard smallint NOT NULL,
  username text NOT NULL,
  username_key text NOT NULL CONSTRAINT accounts_username_taken UNIQUE,
  email text CONSTRAINT accounts_email_taken UNIQUE,
  password_hash text,
  display_name text NOT NULL DEFAULT '',
  note text NOT NULL DEFAULT '',
  locked boolean NOT NULL DEFAULT false,
  bot boolean NOT NULL DEFAULT false,
  admin boolean NOT NULL DEFAULT false,
  disabled_at timestamptz
)`

/**
 * The account as a writer: written at every post and every follow, so it is apart from the account,
 * and its pages have room for updates that touch no index. `version` is the fence of the Author actor.
 * `disabled` repeats `accounts.disabled_at`, so that publishing needs one row only.
 */
const authors = `
CREATE TABLE authors (
  account bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  no integer NOT NULL,
  version bigint NOT NULL DEFAULT 1,
  disabled boolean NOT NULL DEFAULT false,
  mode smallint NOT NULL DEFAULT 0,
  heading smallint NOT NULL DEFAULT 0,
  override smallint NOT NULL DEFAULT 0,
  epoch integer NOT NULL DEFAULT 0,
  edge_sequence bigint NOT NULL DEFAULT 0,
  followers integer NOT NULL DEFAULT 0,
  statuses integer NOT NULL DEFAULT 0,
  last_status_at timestamptz
) WITH (fillfactor = 60)`

/** Both sets are small: timelines look into them for every followee. */
const authorSets = [
  "CREATE INDEX authors_disabled ON authors (account) WHERE disabled",
  "CREATE INDEX authors_unpushed ON authors (account) WHERE mode <> 0"
]

/** The account as a reader. `follow_version` is the fence of its UserTimeline. */
const readers = `
CREATE TABLE readers (
  account bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
  follow_version bigint NOT NULL DEFAULT 1,
  following integer NOT NULL DEFAULT 0
) WITH (fillfactor = 60)`

const apps = `
CREATE TABLE oauth_apps (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client_id text NOT NULL UNIQUE,
  secret_hash text NOT NULL,
  name text NOT NULL,
  website text,
  redirect_uris text[] NOT NULL,
  scopes text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
)`

const tokens = `
CREATE TABLE oauth_tokens (
  token_hash text PRIMARY KEY,
  app_id bigint NOT NULL REFERENCES oauth_apps ON DELETE CASCADE,
  account bigint REFERENCES accounts ON DELETE CASCADE,
  scopes text NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
)`

const tokensByAccount = "CREATE INDEX oauth_tokens_account ON oauth_tokens (account) WHERE account IS NOT NULL"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [accounts, authors, ...authorSets, readers, apps, tokens, tokensByAccount]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
