/** The graph importer where there are several datacenters: names are claimed in the world, many at once, or nothing is imported. */
import { assert, describe, inject, it } from "@effect/vitest"
import { Links } from "@rookery/bus/Links"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as importGraph from "@rookery/cluster/admin/importGraph"
import * as Datacenters from "@rookery/domain/Datacenters"
import * as FanoutMode from "@rookery/domain/FanoutMode"
import type { AccountId } from "@rookery/domain/Ids"
import * as Claims from "@rookery/front/home/Claims"
import { ClaimStore } from "@rookery/store/ClaimStore"
import { IdSource } from "@rookery/store/IdSource"
import * as SnapshotStoreMemory from "@rookery/store/memory/SnapshotStoreMemory"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Context, Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as program from "./program.ts"

const names = ["east", "west", "south"]
const blocks = names.map((name, i) => ({ name, machines: { first: 10 * i, last: 10 * i + 9 } }))

const datacenter = (links: LinksMemory.World, own: string) =>
  Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    const snapshots = SnapshotStoreMemory.layer({ entriesMax: 100, ttlSeconds: 600 })
    const machine = 10 * names.indexOf(own)
    const context = yield* Layer.build(Layer.merge(TestCluster.layer({ databaseUrl, snapshots, machine }), links.layer(own)))
    const asked: Array<string> = []
    const made = Context.get(context, Links)
    const counting: Links["Service"] = {
      ...made,
      ask: (to, kind, data, millis) => {
        asked.push(`${to} ${kind}`)
        return made.ask(to, kind, data, millis)
      }
    }
    const world = { datacenters: Datacenters.make(blocks, own), fronts: [], links: counting }
    const claims = Context.get(context, ClaimStore)
    const options = { postsPerAccount: 0, postTextBytes: 10, skipBadLines: false, threshold: FanoutMode.defaultThreshold }
    const sql = Context.get(context, SqlClient.SqlClient)
    return {
      claims,
      world,
      asked,
      import: (file: string) => Effect.scoped(Effect.provideContext(importGraph.importGraph({ ...options, file }, world), context)),
      mint: Effect.map(Context.get(context, IdSource).mint, (id) => id as AccountId),
      /** Accounts, and names that this datacenter decides about and the west holds. */
      counts: Effect.map(
        sql<{ accounts: bigint; held: bigint }>`
          SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM username_claims WHERE home = 1 AND state = 1) AS held`,
        ([row]) => ({ accounts: Number(row!.accounts), held: Number(row!.held) })
      )
    }
  })

type Datacenter = Effect.Success<ReturnType<typeof datacenter>>

/** The west has no front: it imports. */
const setUp = Effect.gen(function*() {
  const links = LinksMemory.make(names)
  const [east, west, south] = (yield* Effect.forEach(names, (own) => datacenter(links, own))) as [Datacenter, Datacenter, Datacenter]
  yield* Effect.forEach([east, south], (front) => Claims.serve(front))
  const file = join(yield* program.folder, "graph.txt")
  yield* Effect.promise(() => writeFile(file, Array.from({ length: people - 1 }, (_, i) => `${i} ${i + 1}`).join("\n")))
  return { links, east, west, south, file }
})

const people = 300

const personOf = (id: AccountId, username: string) => ({ id, shard: 1, username, email: null, passwordHash: null, admin: false })

/** The number of a person of the file whose name this datacenter decides about. */
const numberAt = ({ world: { datacenters } }: Datacenter): number =>
  Array.from({ length: people }, (_, i) => i).find((i) => Datacenters.claimedAt(datacenters, `u${i}`) === datacenters.own)!

describe("import-graph in one of several datacenters", () => {
  it.live("claims the names where they are decided, one message for many", () =>
    Effect.scoped(Effect.gen(function*() {
      const { east, file, south, west } = yield* setUp
      assert.include(yield* west.import(file), { accounts: people, newEdges: people - 1 })
      const all = yield* Effect.forEach([east, west, south], ({ counts }) => counts)
      assert.deepStrictEqual(all.map(({ accounts }) => accounts), [0, people, 0])
      assert.strictEqual(all.reduce((sum, { held }) => sum + held, 0), people)
      for (const { held } of all) assert.isAbove(held, 0)
      assert.deepStrictEqual(west.asked.toSorted(), ["east claim", "east claim", "south claim", "south claim"])
      assert.strictEqual(yield* Claims.create(south, personOf(yield* south.mint, `U${numberAt(east)}`)), "username")
      assert.include(yield* west.import(file), { edges: people - 1, newEdges: 0 })
    })), 60_000)

  it.live("imports nothing while one that gives out names is cut off, says which, and goes on after", () =>
    Effect.scoped(Effect.gen(function*() {
      const { east, file, links, south, west } = yield* setUp
      links.cut("east", "west")
      links.cut("west", "east")
      const failure = yield* Effect.flip(west.import(file))
      assert.match(String(failure), /the datacenter east, which gives out some of the names, does not answer/)
      assert.deepStrictEqual(yield* west.counts, { accounts: 0, held: 0 })
      assert.strictEqual(typeof (yield* Claims.create(south, personOf(yield* south.mint, `u${numberAt(south)}`))), "object", "its names are free again")
      links.heal("east", "west")
      links.heal("west", "east")
      assert.match(String(yield* Effect.flip(west.import(file))), new RegExp(`u${numberAt(south)}: these names are taken in another datacenter`))
      assert.deepStrictEqual(yield* Effect.forEach([east, west], ({ counts }) => counts), [{ accounts: 0, held: 0 }, { accounts: 0, held: 0 }])
    })), 60_000)

  it.live("takes up names that an import left reserved which was stopped", () =>
    Effect.scoped(Effect.gen(function*() {
      const { east, file, west } = yield* setUp
      const lost = { key: `u${numberAt(east)}`, account: yield* west.mint, home: 1 }
      yield* west.claims.begin([{ id: lost.account, username: lost.key }])
      yield* east.claims.reserve([lost], -1_000)
      assert.include(yield* west.import(file), { accounts: people })
      assert.deepStrictEqual(yield* west.claims.existsOrNever([lost]), [false])
    })), 60_000)
})
