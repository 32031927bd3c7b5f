/**
 * Applies what one datacenter tells: what waits goes into one transaction, and is acknowledged after it. What cannot be read
 * is kept for inspection and the stream goes on.
 */
import type { Arrival } from "@rookery/bus/Links"
import type { GossipFact } from "@rookery/domain/GossipFact"
import type { PostId } from "@rookery/domain/Ids"
import * as Snowflake from "@rookery/domain/Snowflake"
import * as Metrics from "@rookery/observe/Metrics"
import * as Gossip from "@rookery/protocol/Gossip"
import { Effect, Queue, Semaphore, Stream } from "effect"
import type { After } from "./After.ts"
import * as Supervised from "./Supervised.ts"
import { nameOf, type World } from "./World.ts"

/** Facts in one transaction, and messages that are looked at for it: in quiet times a message has one or two. */
const factsMax = 5_000
const messagesMax = 1_000
/** Bytes read ahead: what waits longer than the links allow comes again. */
const waitingBytesMax = 512 * 1_024

/** A message that fails alone this often, while the database answers, is given up. */
const attemptsMax = 4
const failedPauseMillis = 500

interface Message {
  readonly arrival: Arrival
  readonly facts: ReadonlyArray<GossipFact>
}

/** What an applier needs beside the world. */
export interface Around {
  readonly after: After
  /** Announcements too old to be taken without asking their owner. */
  readonly askPosts: (origin: number, ids: ReadonlyArray<PostId>) => void
}

/** First kept, then done with: a crash between the two keeps it twice. */
const refuse = (world: World, origin: number, { data, refuse }: Arrival, reason: string) =>
  Effect.gen(function*() {
    Metrics.gossipRefused.at(nameOf(world, origin), reason.split(":")[0]!).value++
    yield* world.gossip.refuse(nameOf(world, origin), reason, data)
    yield* refuse(reason)
  })

const read = (world: World, origin: number, arrivals: ReadonlyArray<Arrival>): Effect.Effect<ReadonlyArray<Message>, unknown> =>
  Effect.gen(function*() {
    const messages: Array<Message> = []
    for (const arrival of arrivals) {
      const decoded = Gossip.decode(world.datacenters, origin, arrival.data)
      if (decoded._tag === "Facts") messages.push({ arrival, facts: decoded.facts })
      else yield* refuse(world, origin, arrival, decoded.reason)
    }
    return messages
  })

const measure = (origin: string, facts: ReadonlyArray<GossipFact>): void => {
  Metrics.gossipApplied.at(origin).value += facts.length
  Metrics.gossipAppliedBatch.observe(facts.length)
  const delay = Metrics.gossipDelaySeconds.at(origin)
  const now = Date.now()
  for (const fact of facts) {
    if (fact._tag === "Post" && fact.editedAt === 0) delay.observe(Math.max(0, now - Snowflake.millisOf(fact.id)) / 1_000)
  }
}

const applyTogether = (world: World, origin: number, { after, askPosts }: Around, messages: ReadonlyArray<Message>) =>
  Effect.gen(function*() {
    const facts = messages.flatMap((message) => message.facts)
    const applied = yield* world.gossip.apply(origin, facts)
    measure(nameOf(world, origin), facts)
    if (applied.unknownOld.length > 0) askPosts(origin, applied.unknownOld)
    yield* after.applied(facts, applied)
    // Last: a runner that is killed before it told the fronts is followed by one that gets the counts again, and tells them.
    yield* Effect.forEach(messages, ({ arrival }) => arrival.ack, { discard: true })
  })

/** One that fails holds up no other: it comes again, until it is given up. Nothing is given up while the database is away. */
const applyAlone = (world: World, origin: number, around: Around, message: Message) =>
  applyTogether(world, origin, around, [message]).pipe(
    Effect.catch((error) =>
      Effect.gen(function*() {
        Metrics.gossipFailures.at(nameOf(world, origin)).value++
        yield* world.gossip.backlog
        yield* Effect.logWarning("a message of another datacenter could not be applied", error)
        if (message.arrival.deliveries >= attemptsMax) yield* refuse(world, origin, message.arrival, `failed: ${String(error)}`)
      }))
  )

const applySome = (world: World, origin: number, around: Around, messages: ReadonlyArray<Message>): Effect.Effect<void, unknown> =>
  applyTogether(world, origin, around, messages).pipe(
    Effect.catch(() =>
      Effect.forEach(messages, (message) => applyAlone(world, origin, around, message), { discard: true }).pipe(
        Effect.andThen(Effect.sleep(failedPauseMillis))
      ))
  )

/** In order, as many together as one transaction takes. */
const transactions = (messages: ReadonlyArray<Message>): ReadonlyArray<ReadonlyArray<Message>> => {
  const parts: Array<Array<Message>> = []
  let facts = Infinity
  for (const message of messages) {
    facts += message.facts.length
    if (facts > factsMax) {
      parts.push([])
      facts = message.facts.length
    }
    parts.at(-1)!.push(message)
  }
  return parts
}

/** Ends when what could be applied is; what was not is not acknowledged, and comes again. */
export const applyAll = (world: World, origin: number, around: Around, arrivals: ReadonlyArray<Arrival>): Effect.Effect<void, unknown> =>
  Effect.flatMap(read(world, origin, arrivals), (messages) =>
    Effect.forEach(transactions(messages), (some) => applySome(world, origin, around, some), { discard: true }))

const applying = (world: World, origin: number, around: Around) =>
  Effect.scoped(Effect.gen(function*() {
    const waiting = yield* Queue.bounded<Arrival>(messagesMax)
    const room = Semaphore.makeUnsafe(waitingBytesMax)
    const readAhead = (arrival: Arrival) => Effect.andThen(room.take(arrival.data.length), Queue.offer(waiting, arrival))
    yield* Effect.forkScoped(Stream.runForEach(world.links.receive(nameOf(world, origin)), readAhead))
    const round = Effect.flatMap(Queue.takeBetween(waiting, 1, messagesMax), (arrivals) => {
      const bytes = arrivals.reduce((sum, { data }) => sum + data.length, 0)
      return Effect.ensuring(applyAll(world, origin, around, arrivals), room.release(bytes))
    })
    yield* Supervised.forever(`applying what ${nameOf(world, origin)} tells`, Effect.as(round, 0))
  }))

export const start = (world: World, origin: number, around: Around) =>
  Supervised.once(`applier-${nameOf(world, origin)}`, applying(world, origin, around))
