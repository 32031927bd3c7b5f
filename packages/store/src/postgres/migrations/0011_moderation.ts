/** Reports, what moderators did, how old notifications are found, and conversations that are not to be heard of. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** `resolved_by` is NULL for an operator at the terminal. A report outlives whoever made it, not whom it is about. */
const reports = `
CREATE TABLE reports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  reporter bigint REFERENCES accounts ON DELETE SET NULL,
  target bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  category smallint NOT NULL,
  comment text NOT NULL,
  posts bigint[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  resolved_by bigint
)`

const reportIndexes = [
  "CREATE INDEX reports_open ON reports (id DESC) WHERE resolved_at IS NULL",
  "CREATE INDEX reports_resolved ON reports (id DESC) WHERE resolved_at IS NOT NULL",
  "CREATE INDEX reports_of_target ON reports (target, id DESC)",
  "CREATE INDEX reports_of_reporter ON reports (reporter, id DESC)"
]

/**
 * Who did what to whom, why and when; never changed, and kept when what it names is gone, so it references nothing.
 * `actor` is NULL for an operator at the terminal.
 */
const log = [
  `CREATE TABLE moderation_log (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     at timestamptz NOT NULL DEFAULT now(),
     actor bigint,
     action text NOT NULL CHECK (action IN ('suspend', 'unsuspend', 'delete_post', 'resolve', 'reopen')),
     account bigint NOT NULL,
     post_id bigint,
     report bigint,
     reason text NOT NULL
   )`,
  "CREATE INDEX moderation_log_of_account ON moderation_log (account, id DESC)"
]

const suspended = "CREATE INDEX accounts_suspended ON accounts (id DESC) WHERE disabled_at IS NOT NULL"

/** By which old ones are found. */
const notificationAge = "CREATE INDEX notifications_age ON notifications (created_at)"

/** `thread` is the first post of the conversation. What was told before `created_at` stays. */
const quiet = `
CREATE TABLE conversation_mutes (
  account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  thread bigint NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account, thread)
)`

/** Few are: they are looked for with whom a viewer shuns. */
const withLanguages =
  "CREATE INDEX follows_with_languages ON follows (follower) INCLUDE (followee_no, languages) WHERE active AND languages IS NOT NULL"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [reports, ...reportIndexes, ...log, suspended, notificationAge, quiet, withLanguages]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
