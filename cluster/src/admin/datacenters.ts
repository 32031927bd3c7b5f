/** How this datacenter stands with the others: what it has to tell, what it has not yet read, and what went wrong. */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as scrape from "./scrape.ts"
import * as status from "./status.ts"

export interface LinkStatus {
  readonly name: string
  /** By members: how many see the other datacenter, of how many that answered. */
  readonly connected: number
  readonly members: number
  /** Messages of theirs that wait for us. */
  readonly pending: number
  readonly applied: number
  /** From a post's id to its announcement applied here, in seconds, as the bounds of buckets; undefined without any. */
  readonly delay: { readonly p50: number; readonly p99: number } | undefined
  /** Since the members started: ranges that differed, and facts that were asked for because of them. */
  readonly differed: number
  readonly repaired: number
  /** Messages kept for inspection, and why the latest was. */
  readonly refused: number
  readonly lastReason: string | undefined
}

export interface DatacentersStatus {
  readonly own: string
  readonly links: ReadonlyArray<LinkStatus>
  /** Facts that are not yet told. */
  readonly backlog: { readonly rows: number; readonly oldestSeconds: number }
  /** Of the contents of others' posts that were asked for, 0…1; undefined when none was. */
  readonly copyHitRate: number | undefined
}

interface Refused {
  readonly origin: string
  readonly count: bigint
  readonly reason: string
}

const delayOf = (samples: ReadonlyArray<scrape.Sample>, datacenter: string): LinkStatus["delay"] => {
  const at = (share: number) => scrape.quantileOf(samples, "rookery_gossip_delay_seconds", { datacenter }, share)
  const [p50, p99] = [at(0.5), at(0.99)]
  return p50 === undefined || p99 === undefined ? undefined : { p50, p99 }
}

const linkOf = (samples: ReadonlyArray<scrape.Sample>, refused: ReadonlyArray<Refused>, name: string): LinkStatus => {
  const labels = { datacenter: name }
  const up = scrape.valuesOf(samples, "rookery_link_up", labels)
  const kept = refused.find((row) => row.origin === name)
  return {
    name,
    connected: up.filter((value) => value === 1).length,
    members: up.length,
    pending: Math.max(0, ...scrape.valuesOf(samples, "rookery_link_pending", labels)),
    applied: scrape.sumOf(samples, "rookery_gossip_applied_total", labels),
    delay: delayOf(samples, name),
    differed: scrape.sumOf(samples, "rookery_gossip_compared_total", { ...labels, result: "different" }),
    repaired: scrape.sumOf(samples, "rookery_gossip_repaired_total", labels),
    refused: Number(kept?.count ?? 0n),
    lastReason: kept?.reason
  }
}

/** Undefined where there is one datacenter only. */
export const read = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const datacenters = yield* sql<{ name: string; own: boolean }>`SELECT name, own FROM gossip_datacenters ORDER BY number`
  if (datacenters.length < 2) return undefined
  const members = yield* status.members
  const samples = (yield* Effect.forEach(members, ({ opsUrl }) => opsUrl === undefined ? Effect.succeed([]) : scrape.member(opsUrl), {
    concurrency: 8
  })).flat()
  const refused = yield* sql<Refused>`
    SELECT origin, count(*) AS count, (array_agg(reason ORDER BY id DESC))[1] AS reason FROM gossip_refused GROUP BY origin`
  const [waiting] = yield* sql<{ rows: bigint; oldest: number }>`
    SELECT count(*) AS rows, greatest(0, coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0))::float8 AS oldest
    FROM gossip_outbox`
  const hits = scrape.sumOf(samples, "rookery_content_copies_hits_total")
  const asked = hits + scrape.sumOf(samples, "rookery_content_copies_misses_total")
  const found: DatacentersStatus = {
    own: datacenters.find(({ own }) => own)!.name,
    links: datacenters.filter(({ own }) => !own).map(({ name }) => linkOf(samples, refused, name)),
    backlog: { rows: Number(waiting!.rows), oldestSeconds: waiting!.oldest },
    copyHitRate: asked === 0 ? undefined : hits / asked
  }
  return found
})
