/** Logins in the browser and the codes that come of them; what people say of themselves, and their defaults. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"

/** `challenge` is the one of PKCE, with S256. A used code stays until it is swept, so that a second use is noticed. */
const codes = `
CREATE TABLE oauth_codes (
  code_hash text PRIMARY KEY,
  app_id bigint NOT NULL REFERENCES oauth_apps ON DELETE CASCADE,
  account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  redirect_uri text NOT NULL,
  challenge text,
  scopes text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
)`

/** The code that a token was given for, by which it is found when the code comes a second time. */
const tokensOfCode = [
  "ALTER TABLE oauth_tokens ADD COLUMN code_hash text",
  "CREATE INDEX oauth_tokens_code ON oauth_tokens (code_hash) WHERE code_hash IS NOT NULL"
]

const logins = `
CREATE TABLE oauth_logins (
  login_hash text PRIMARY KEY,
  account bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
  expires_at timestamptz NOT NULL
)`

const byTime = [
  "CREATE INDEX oauth_codes_expiry ON oauth_codes (expires_at)",
  "CREATE INDEX oauth_logins_expiry ON oauth_logins (expires_at)",
  "CREATE INDEX oauth_codes_account ON oauth_codes (account)",
  "CREATE INDEX oauth_logins_account ON oauth_logins (account)"
]

/** `fields` is a list of `{"name", "value"}`; the defaults are for posts that do not say otherwise. */
const profile = `
ALTER TABLE accounts
  ADD COLUMN discoverable boolean NOT NULL DEFAULT true,
  ADD COLUMN fields jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN default_privacy text NOT NULL DEFAULT 'public',
  ADD COLUMN default_sensitive boolean NOT NULL DEFAULT false,
  ADD COLUMN default_language text`

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [codes, ...tokensOfCode, logins, ...byTime, profile]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
