/** Names that are claimed once in a world of several datacenters. Nothing is written here while there is only one. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** Of names whose slot is ours. `home` is the number of a datacenter in the topology; `state` 0 is reserved, 1 is held. */
const claims = `
CREATE TABLE username_claims (
  key text PRIMARY KEY,
  home smallint NOT NULL,
  account bigint NOT NULL,
  state smallint NOT NULL DEFAULT 0,
  expires_at timestamptz NOT NULL
)`

/** Accounts of ours that are about to be created: without its row here none is, so that taking the row away gives one up. */
const attempts = [
  `
CREATE TABLE username_attempts (
  account bigint PRIMARY KEY,
  started_at timestamptz NOT NULL DEFAULT now()
)`,
  "CREATE INDEX username_attempts_age ON username_attempts (started_at)"
]

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([claims, ...attempts], (text) => sql.unsafe(text), { discard: true })
})
