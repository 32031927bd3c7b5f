/** What is still to be done, who may mint ids, what the cluster was made with, and how far imports came. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/**
 * Rows live for moments: vacuum by number, not by share. Claiming walks the primary key, oldest first:
 * what is claimed in front of it is what is in flight, and claims can be renewed without touching an index.
 */
const outbox = `
CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner bigint NOT NULL,
  kind smallint NOT NULL,
  post_id bigint,
  payload jsonb NOT NULL,
  progress bytea NOT NULL DEFAULT '',
  attempts integer NOT NULL DEFAULT 0,
  claimed_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)`

/** Times of ids are milliseconds since 1970. */
const leases = `
CREATE TABLE machine_leases (
  machine smallint PRIMARY KEY,
  holder text,
  expires_at bigint NOT NULL DEFAULT 0,
  high_water bigint NOT NULL DEFAULT 0,
  start_above bigint NOT NULL DEFAULT 0
)`

const settings = "CREATE TABLE cluster_settings (name text PRIMARY KEY, value text NOT NULL)"

const imports = `
CREATE TABLE imports (
  file_hash text PRIMARY KEY,
  next_line bigint NOT NULL,
  finished boolean NOT NULL DEFAULT false,
  updated_at timestamptz NOT NULL DEFAULT now()
)`

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([outbox, leases, settings, imports], (text) => sql.unsafe(text), { discard: true })
})
