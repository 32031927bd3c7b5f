/** Client programs and tokens in Postgres. */
import type { AccountId } from "@rookery/domain/Ids"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import type { OAuthApp, OAuthStore } from "../OAuthStore.ts"
import * as Codes from "./oauthCodes.ts"
import { operation, storable, texts } from "./statement.ts"

interface TokenRow {
  readonly tokenHash: string
  readonly appId: bigint
  readonly account: AccountId | null
  readonly scopes: string
  readonly createdAt: Date
}

const appColumns = `
  id, client_id AS "clientId", secret_hash AS "secretHash", name, website, redirect_uris AS "redirectUris", scopes`

export const make = Effect.map(SqlClient.SqlClient, (sql): OAuthStore["Service"] => {
  const columns = sql.literal(appColumns)

  const insertApp = (app: Omit<OAuthApp, "id">) =>
    sql<OAuthApp>`
      INSERT INTO oauth_apps (client_id, secret_hash, name, website, redirect_uris, scopes)
      VALUES (${app.clientId}, ${app.secretHash}, ${storable(app.name)},
        ${app.website === null ? null : storable(app.website)}, ${texts(app.redirectUris.map(storable))},
        ${storable(app.scopes)})
      ON CONFLICT (client_id) DO NOTHING RETURNING ${columns}`

  const tokens = (tokenHashes: ReadonlyArray<string>) =>
    Effect.map(
      sql<TokenRow>`
        SELECT t.token_hash AS "tokenHash", t.app_id AS "appId", t.account, t.scopes, t.created_at AS "createdAt"
        FROM oauth_tokens t WHERE t.token_hash = ANY(${texts(tokenHashes)}) AND t.revoked_at IS NULL`,
      (rows) => rows.map((row) => ({ ...row, createdAt: row.createdAt.getTime() }))
    )

  return {
    createApp: (app) => operation("OAuthStore.createApp", Effect.map(insertApp(app), ([row]) => row!)),
    keepApp: (app) => operation("OAuthStore.keepApp", Effect.asVoid(insertApp(app))),
    appByClientId: (clientId) =>
      operation(
        "OAuthStore.appByClientId",
        Effect.map(
          sql<OAuthApp>`SELECT ${columns} FROM oauth_apps WHERE client_id = ${storable(clientId)}`,
          ([row]) => row
        )
      ),
    appById: (id) =>
      operation(
        "OAuthStore.appById",
        Effect.map(sql<OAuthApp>`SELECT ${columns} FROM oauth_apps WHERE id = ${id}`, ([row]) => row)
      ),
    createToken: (row) =>
      operation(
        "OAuthStore.createToken",
        Effect.asVoid(sql`
          INSERT INTO oauth_tokens (token_hash, app_id, account, scopes, created_at)
          VALUES (${row.tokenHash}, ${row.appId}, ${row.account}, ${row.scopes}, ${new Date(row.createdAt)})`)
      ),
    token: (tokenHash) => operation("OAuthStore.token", Effect.map(tokens([tokenHash]), ([token]) => token)),
    tokens: (tokenHashes) => operation("OAuthStore.tokens", tokens(tokenHashes)),
    revoke: (tokenHash) =>
      operation(
        "OAuthStore.revoke",
        Effect.map(
          sql`UPDATE oauth_tokens SET revoked_at = now()
              WHERE token_hash = ${tokenHash} AND revoked_at IS NULL RETURNING 1`,
          (rows) => rows.length > 0
        )
      ),
    ...Codes.make(sql)
  }
})
