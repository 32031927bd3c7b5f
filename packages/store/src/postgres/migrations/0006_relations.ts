/** What people are to each other besides following: blocks, mutes, requests to follow, notes, endorsements. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** How the follower wants to hear of the followee. A `languages` of NULL is all of them. */
const followFlags = `
ALTER TABLE follows
  ADD COLUMN reblogs boolean NOT NULL DEFAULT true,
  ADD COLUMN notify boolean NOT NULL DEFAULT false,
  ADD COLUMN languages text[]`

/** Few are: they are looked for at every page of their follower. */
const withoutReblogs =
  "CREATE INDEX follows_without_reblogs ON follows (follower) INCLUDE (followee_no) WHERE active AND NOT reblogs"

/**
 * Each pair is `account` and `target`, with the local numbers beside the ids, since windows know people by those.
 * `id` orders and pages the lists, newest first.
 */
const pair = `
  account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  target bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  account_no integer NOT NULL,
  target_no integer NOT NULL,
  id bigint GENERATED ALWAYS AS IDENTITY,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account, target)`

/** A mute whose `expires_at` is past is none, and is swept. */
const tables = [
  `CREATE TABLE blocks (${pair})`,
  `CREATE TABLE mutes (${pair}, notifications boolean NOT NULL, expires_at timestamptz)`,
  `CREATE TABLE follow_requests (${pair}, reblogs boolean NOT NULL, notify boolean NOT NULL, languages text[])`,
  `CREATE TABLE endorsements (${pair})`,
  `CREATE TABLE account_notes (
     account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
     target bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
     note text NOT NULL,
     PRIMARY KEY (account, target)
   )`
]

const indexes = [
  "CREATE INDEX blocks_list ON blocks (account, id DESC) INCLUDE (target, target_no)",
  "CREATE INDEX blocks_of_target ON blocks (target, account) INCLUDE (account_no)",
  "CREATE INDEX mutes_list ON mutes (account, id DESC)",
  "CREATE INDEX mutes_of_target ON mutes (target)",
  "CREATE INDEX mutes_expiring ON mutes (expires_at) WHERE expires_at IS NOT NULL",
  "CREATE INDEX follow_requests_list ON follow_requests (target, id DESC)",
  "CREATE INDEX endorsements_list ON endorsements (account, id DESC)",
  "CREATE INDEX endorsements_of_target ON endorsements (target)",
  "CREATE INDEX account_notes_of_target ON account_notes (target)"
]

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* Effect.forEach([followFlags, withoutReblogs, ...tables, ...indexes], (text) => sql.unsafe(text), { discard: true })
})
