/** Codes of the authorization grant, and browsers that are logged in. */
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { OAuthCode, OAuthStore, Redeemed, Redemption } from "../OAuthStore.ts"
import { operation, storable } from "./statement.ts"

type Part = Pick<OAuthStore["Service"], "createCode" | "redeem" | "createLogin" | "login" | "endLogin">

const refused: Redeemed = { _tag: "Refused" }

/** One statement uses the code and creates the token: of two who bring it at once, one finds it used. */
const useCode = (sql: SqlClient.SqlClient, redemption: Redemption) =>
  sql<{ account: AccountId; scopes: string }>`
    WITH used AS (
      UPDATE oauth_codes c SET used_at = now() FROM accounts a
      WHERE c.code_hash = ${redemption.codeHash} AND c.app_id = ${redemption.appId}
        AND c.redirect_uri = ${storable(redemption.redirectUri)}
        AND c.challenge IS NOT DISTINCT FROM ${redemption.challenge}::text
        AND c.used_at IS NULL AND c.expires_at > now() AND a.id = c.account AND a.disabled_at IS NULL
      RETURNING c.code_hash, c.app_id, c.account, c.scopes
    )
    INSERT INTO oauth_tokens (token_hash, app_id, account, scopes, created_at, code_hash)
    SELECT ${redemption.tokenHash}, app_id, account, scopes, ${new Date(redemption.createdAt)}, code_hash FROM used
    RETURNING account, scopes`

/**
 * A used code that comes again was stolen, the first time or now: what it gave is taken back. Only the program that
 * it was for can cause that.
 */
const takeBack = (sql: SqlClient.SqlClient, { appId, codeHash }: Redemption): Effect.Effect<Redeemed, SqlError.SqlError> =>
  Effect.gen(function*() {
    const used = yield* sql`
      SELECT 1 FROM oauth_codes WHERE code_hash = ${codeHash} AND app_id = ${appId} AND used_at IS NOT NULL`
    if (used.length === 0) return refused
    const revoked = yield* sql<{ tokenHash: string }>`
      UPDATE oauth_tokens SET revoked_at = now() WHERE code_hash = ${codeHash} AND revoked_at IS NULL
      RETURNING token_hash AS "tokenHash"`
    return { _tag: "Reused", revoked: revoked.map((row) => row.tokenHash) }
  })

const redeem = (sql: SqlClient.SqlClient, redemption: Redemption): Effect.Effect<Redeemed, SqlError.SqlError> =>
  Effect.flatMap(useCode(sql, redemption), ([granted]) =>
    granted === undefined ? takeBack(sql, redemption) : Effect.succeed<Redeemed>({ _tag: "Granted", ...granted }))

const createCode = (sql: SqlClient.SqlClient, code: OAuthCode) =>
  sql`
    INSERT INTO oauth_codes (code_hash, app_id, account, redirect_uri, challenge, scopes, expires_at)
    VALUES (${code.codeHash}, ${code.appId}, ${code.account}, ${storable(code.redirectUri)}, ${code.challenge},
      ${storable(code.scopes)}, ${new Date(code.expiresAt)})`

const login = (sql: SqlClient.SqlClient, loginHash: string) =>
  Effect.map(
    sql<{ account: AccountId }>`
      SELECT l.account FROM oauth_logins l JOIN accounts a ON a.id = l.account
      WHERE l.login_hash = ${loginHash} AND l.expires_at > now() AND a.disabled_at IS NULL`,
    ([row]) => row?.account
  )

export const make = (sql: SqlClient.SqlClient): Part => ({
  createCode: (code) => operation("OAuthStore.createCode", Effect.asVoid(createCode(sql, code))),
  redeem: (redemption) => operation("OAuthStore.redeem", redeem(sql, redemption)),
  createLogin: (loginHash, account, expiresAt) =>
    operation(
      "OAuthStore.createLogin",
      Effect.asVoid(sql`
        INSERT INTO oauth_logins (login_hash, account, expires_at)
        VALUES (${loginHash}, ${account}, ${new Date(expiresAt)})`)
    ),
  login: (loginHash) => operation("OAuthStore.login", login(sql, loginHash)),
  endLogin: (loginHash) =>
    operation("OAuthStore.endLogin", Effect.asVoid(sql`DELETE FROM oauth_logins WHERE login_hash = ${loginHash}`))
})

/** Takes away what has expired, codes a day later, at most `rows` of each; answers how many. */
export const sweepExpired = (sql: SqlClient.SqlClient, rows: number): Effect.Effect<number, SqlError.SqlError> =>
  Effect.gen(function*() {
    const codes = yield* sql`
      DELETE FROM oauth_codes WHERE code_hash = ANY(ARRAY(
        SELECT code_hash FROM oauth_codes WHERE expires_at < now() - interval '1 day' LIMIT ${rows} FOR UPDATE SKIP LOCKED
      )) RETURNING 1`
    const logins = yield* sql`
      DELETE FROM oauth_logins WHERE login_hash = ANY(ARRAY(
        SELECT login_hash FROM oauth_logins WHERE expires_at < now() LIMIT ${rows} FOR UPDATE SKIP LOCKED
      )) RETURNING 1`
    return codes.length + logins.length
  })
