/**
 * When what is compared, for each origin: the last day often, its end most often; everything else in a walk that never ends. After
 * a link was down, which is when things get lost, the walk hurries once round. So does whoever takes over: that somebody hurried, and
 * how far they got, went with them.
 */
import { LinkDown } from "@rookery/bus/Links"
import * as Snowflake from "@rookery/domain/Snowflake"
import type { GossipKind, GossipRange } from "@rookery/store/GossipStore"
import { Effect, Semaphore } from "effect"
import type { After } from "./After.ts"
import * as Repair from "./Repair.ts"
import * as Supervised from "./Supervised.ts"
import { nameOf, others, type World } from "./World.ts"

const hour = 3_600_000
const day = 24 * hour

const byId: ReadonlyArray<GossipKind> = ["posts", "direct", "accounts", "counts", "accountCounts"]
const byBucket: ReadonlyArray<GossipKind> = ["follows", "answers", "blocks", "likes"]

const buckets = 65_536n
const bucketParts = 64n

/** Clocks, and the time in which a tombstone is dropped here and there. */
const tombstoneMarginMillis = day

const ranges = ({ datacenters: { own }, settings }: World, origin: number, kinds: ReadonlyArray<GossipKind>, from: bigint, to: bigint) =>
  from >= to ? [] : kinds.map((kind): GossipRange => ({
    kind,
    origin,
    asker: own,
    from,
    to,
    deletedAfter: Date.now() - settings.tombstoneMillis + tombstoneMarginMillis
  }))

/** Ids of between so many milliseconds ago; what is younger than the grace may be on its way. */
const between = (world: World, origin: number, oldest: number, newest: number): ReadonlyArray<GossipRange> => {
  const now = Date.now()
  return ranges(world, origin, byId, Snowflake.floorAt(now - oldest), Snowflake.floorAt(now - Math.max(newest, world.settings.graceMillis)))
}

/** Ids from a clock that is ahead of ours by more than the grace: nothing else would be compared until our own clock gets there. */
const ahead = (world: World, origin: number): ReadonlyArray<GossipRange> => {
  const now = Date.now()
  return ranges(world, origin, byId, Snowflake.floorAt(now + world.settings.graceMillis), Snowflake.floorAt(now + day))
}

const stepsOfDays = (): number => Math.ceil((Date.now() - Snowflake.epochMillis) / day) + 1

/** One step of the walk: a day, and a part of the buckets. */
const walked = (world: World, origin: number, step: number): ReadonlyArray<GossipRange> => {
  const ago = (step % stepsOfDays()) * day
  const part = BigInt(step) % bucketParts
  const width = buckets / bucketParts
  return [...between(world, origin, ago + day, ago), ...ranges(world, origin, byBucket, part * width, (part + 1n) * width)]
}

/** Messages that are on their way at any time; more is a backlog. */
const pendingMax = 128

/** While it is cut off nothing can be asked, and what waits to be read will say most of it. */
const isQuiet = ({ links }: World, name: string): boolean => {
  const { connected, pending } = links.state(name)
  return connected && pending <= pendingMax
}

/** Whoever goes away in the middle, or has not come up, is asked again later: what was found differs then too. */
const unlessAway = (round: Effect.Effect<number, unknown>, pauseMillis: number): Effect.Effect<number, unknown> =>
  Effect.catch(round, (error) => error instanceof LinkDown ? Effect.succeed(pauseMillis) : Effect.fail(error))

/** How often a pass that finds no quiet moment waits before it is made all the same. */
const patience = 40

/** One comparison at a time with one origin: what another one is about to fetch is not fetched twice. */
type Compare = (pass: Repair.Pass, ranges: ReadonlyArray<GossipRange>) => Effect.Effect<void, unknown>

const inTurn = (turn: Semaphore.Semaphore): Compare => (pass, ranges) => turn.withPermits(1)(Repair.compare(pass, ranges))

const recent = (world: World, after: After, origin: number, compare: Compare) => {
  const name = nameOf(world, origin)
  let rounds = 0
  let waited = 0
  const round = Effect.gen(function*() {
    if (!isQuiet(world, name) && (waited++ < patience || !world.links.state(name).connected)) return world.settings.repairMillis
    waited = 0
    const pass = Repair.pass(world, after, origin)
    yield* compare(pass, [...between(world, origin, hour / 6, 0), ...ahead(world, origin)])
    if (rounds % 4 === 0) yield* compare(pass, between(world, origin, 2 * hour, hour / 6))
    if (rounds % 40 === 0) yield* compare(pass, between(world, origin, 26 * hour, 2 * hour))
    if (rounds % 4 === 0) yield* Repair.placeholders(pass)
    rounds++
    return world.settings.repairMillis
  })
  return Supervised.forever(`comparing what is recent with ${name}`, unlessAway(round, world.settings.repairMillis))
}

const walking = (world: World, after: After, origin: number, compare: Compare) => {
  const name = nameOf(world, origin)
  const { hurriedWalkMillis, walkMillis } = world.settings
  let step = 0
  let hurried = 0
  let upSince: number | undefined
  let waited = 0
  const round = Effect.gen(function*() {
    const { connected, since } = world.links.state(name)
    if (!connected) return walkMillis
    if (upSince !== since) {
      upSince = since
      step = 0
      hurried = Math.max(stepsOfDays(), Number(bucketParts))
    }
    if (hurried > 0 && !isQuiet(world, name) && waited++ < patience) return walkMillis
    waited = 0
    const startedAt = performance.now()
    yield* compare(Repair.pass(world, after, origin), walked(world, origin, step))
    step++
    hurried = Math.max(0, hurried - 1)
    // The databases have other things to do: half of the time at most in a hurry, a fifth else, however long a step takes.
    const took = performance.now() - startedAt
    return hurried > 0 ? Math.max(hurriedWalkMillis, took) : Math.max(walkMillis, 4 * took)
  })
  return Supervised.forever(`comparing everything with ${name}`, unlessAway(round, walkMillis))
}

export const start = (world: World, after: After) =>
  Effect.forEach(others(world), (origin) => {
    // Begun anew each time that it falls to this member.
    const loops = Effect.suspend(() => {
      const compare = inTurn(Semaphore.makeUnsafe(1))
      return Effect.all([recent(world, after, origin, compare), walking(world, after, origin, compare)], { concurrency: "unbounded", discard: true })
    })
    return Supervised.once(`repair-${nameOf(world, origin)}`, loops)
  }, { discard: true })
