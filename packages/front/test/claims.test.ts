/** A username is claimed once in a world of three datacenters, through crashes and cut links. */
import { assert, describe, inject, it } from "@effect/vitest"
import { Links } from "@rookery/bus/Links"
import * as LinksMemory from "@rookery/bus/memory/LinksMemory"
import * as Datacenters from "@rookery/domain/Datacenters"
import type { AccountId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import { AccountStore, type NewAccount } from "@rookery/store/AccountStore"
import { ClaimStore } from "@rookery/store/ClaimStore"
import * as TestCluster from "@rookery/testkit/TestCluster"
import { Context, Effect, Exit, Layer } from "effect"
import * as Claims from "../src/home/Claims.ts"

const names = ["east", "west", "south"]
const blocks = names.map((name, i) => ({ name, machines: { first: 10 * i, last: 10 * i + 9 } }))

let sequence = 0

/** An account whose home is this datacenter, by its number. */
const personOf = (home: number, username: string, email: string | null = null): NewAccount => ({
  id: Snowflake.make(Date.now(), 10 * home, ++sequence) as AccountId,
  shard: 1,
  username,
  email,
  passwordHash: null,
  admin: false
})

/** A name that this datacenter decides about, other ones with each call. */
const nameAt = (owner: number): string => {
  const datacenters = Datacenters.make(blocks, "east")
  for (;;) {
    const name = `name_${++sequence}`
    if (Datacenters.claimedAt(datacenters, name) === owner) return name
  }
}

const datacenter = (links: LinksMemory.World, own: string) =>
  Effect.gen(function*() {
    const databaseUrl = yield* TestCluster.database(inject("postgresUrl"))
    const context = yield* Layer.build(Layer.merge(TestCluster.stores(databaseUrl, own), links.layer(own)))
    const world = { datacenters: Datacenters.make(blocks, own), fronts: [], links: Context.get(context, Links) }
    const deps = { claims: Context.get(context, ClaimStore), accounts: Context.get(context, AccountStore), world }
    yield* Claims.serve(deps)
    return deps
  })

type Datacenter = Effect.Success<ReturnType<typeof datacenter>>

const withThree = <E>(use: (three: ReadonlyArray<Datacenter>, links: LinksMemory.World) => Effect.Effect<void, E>) =>
  Effect.scoped(Effect.gen(function*() {
    const links = LinksMemory.make(names)
    yield* use(yield* Effect.forEach(names, (own) => datacenter(links, own)), links)
  }))

const cut = (links: LinksMemory.World, one: string, other: string) => {
  links.cut(one, other)
  links.cut(other, one)
}

const outcome = (made: unknown): string => typeof made === "string" ? made : "made"

/** As a home that crashed: with the account, or without. */
const leaveReserved = (home: Datacenter, owner: Datacenter, person: NewAccount, isCreated: boolean) =>
  Effect.gen(function*() {
    const [key] = yield* home.claims.begin([person])
    yield* owner.claims.reserve([{ key: key!, account: person.id, home: home.world.datacenters.own }], -1_000)
    if (isCreated) yield* home.claims.create(person)
  })

describe("a username in three datacenters", () => {
  it.live("goes to one of two who want it at once, wherever it is decided", () =>
    withThree((three) =>
      Effect.gen(function*() {
        for (const owner of [0, 1, 2]) {
          const name = nameAt(owner)
          const [east, west] = yield* Effect.all(
            [Claims.create(three[0]!, personOf(0, name)), Claims.create(three[1]!, personOf(1, name.toUpperCase()))],
            { concurrency: "unbounded" }
          )
          assert.deepStrictEqual([outcome(east), outcome(west)].sort(), ["made", "username"], `decided by ${names[owner]}`)
          assert.strictEqual(outcome(yield* Claims.create(three[2]!, personOf(2, name))), "username")
        }
      })), 120_000)

  it.live("stays with an account that was created and not confirmed, and goes on from one that was not created", () =>
    withThree((three) =>
      Effect.gen(function*() {
        const [east, west, south] = three as [Datacenter, Datacenter, Datacenter]
        const [created, crashed] = [nameAt(0), nameAt(0)]
        yield* leaveReserved(west, east, personOf(1, created), true)
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, created))), "username")
        const lost = personOf(1, crashed)
        yield* leaveReserved(west, east, lost, false)
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, crashed))), "made")
        assert.strictEqual(yield* west.claims.create(lost), "Abandoned", "a process that slept does not create it after all")
        assert.isUndefined(yield* west.accounts.byUsername(crashed))
      })), 120_000)

  it.live("stays reserved while the home that should have confirmed is cut off", () =>
    withThree((three, links) =>
      Effect.gen(function*() {
        const [east, west, south] = three as [Datacenter, Datacenter, Datacenter]
        const name = nameAt(0)
        yield* leaveReserved(west, east, personOf(1, name), false)
        cut(links, "east", "west")
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, name))), "username")
        links.heal("east", "west")
        links.heal("west", "east")
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, name))), "made")
      })), 120_000)

  it.live("cannot be had while the datacenter that decides about it is cut off, and others can", () =>
    withThree((three, links) =>
      Effect.gen(function*() {
        const west = three[1]!
        const [far, near] = [nameAt(0), nameAt(2)]
        cut(links, "east", "west")
        const exit = yield* Effect.exit(Claims.create(west, personOf(1, far)))
        assert.isTrue(Exit.isFailure(exit) && Exit.findErrorOption(exit)._tag === "Some")
        assert.isUndefined(yield* west.accounts.byUsername(far))
        assert.strictEqual(outcome(yield* Claims.create(west, personOf(1, near))), "made")
        links.heal("east", "west")
        links.heal("west", "east")
        assert.strictEqual(outcome(yield* Claims.create(west, personOf(1, far))), "made")
      })), 120_000)

  it.live("is free again after an account that could not be created, and after one that was deleted", () =>
    withThree((three) =>
      Effect.gen(function*() {
        const [, west, south] = three as [Datacenter, Datacenter, Datacenter]
        const [first, second] = [nameAt(0), nameAt(0)]
        const kept = yield* Claims.create(west, personOf(1, first, "same@example.org"))
        assert.strictEqual(outcome(kept), "made")
        assert.strictEqual(outcome(yield* Claims.create(west, personOf(1, second, "same@example.org"))), "email")
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, second))), "made")
        if (typeof kept === "string") return
        yield* west.accounts.remove(kept.id)
        assert.strictEqual(outcome(yield* Claims.create(south, personOf(2, first))), "made")
      })), 120_000)

  it.live("is not claimed for somebody else's account", () =>
    withThree((three) =>
      Effect.gen(function*() {
        const west = three[1]!
        const exit = yield* Effect.exit(Claims.create(west, personOf(2, nameAt(0))))
        assert.isTrue(Exit.isFailure(exit))
      })), 120_000)
})
