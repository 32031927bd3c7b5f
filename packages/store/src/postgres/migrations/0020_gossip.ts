/** Several datacenters: shadows of the others' accounts, what is told, and what others told. Idle until `gossip_enable`. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { changes } from "./gossip/changes.ts"
import { enable } from "./gossip/enable.ts"
import { facts } from "./gossip/facts.ts"
import { profiles } from "./gossip/profiles.ts"
import { settling } from "./gossip/settle.ts"
import { tables } from "./gossip/tables.ts"

export default Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const statements = [...tables, ...facts, ...changes, ...profiles, ...settling, enable]
  yield* Effect.forEach(statements, (text) => sql.unsafe(text), { discard: true })
})
