/**
 * The streams of topics and of conversations: what the bus tells of posts becomes frames for those who listen here. A
 * message that is lost is made up for by the next read of the timeline.
 */
import type { Bus } from "@rookery/bus/Bus"
import { PostId } from "@rookery/domain/Ids"
import * as Logs from "@rookery/observe/Logs"
import { TopicEvent, topicSubject } from "@rookery/protocol/BusMessages"
import type { ConversationStore } from "@rookery/store/ConversationStore"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect, Schedule, Schema, type Scope, Stream } from "effect"
import type { Account } from "../oauth/Identity.ts"
import type { Hydrated, Hydration } from "../read/Hydration.ts"
import type { Marks } from "../read/Marks.ts"
import * as Rules from "../read/Rules.ts"
import * as Conversation from "../render/Conversation.ts"
import * as Client from "./Client.ts"
import * as Frames from "./Frames.ts"
import * as People from "./People.ts"
import * as StreamNames from "./StreamNames.ts"
import * as Subscriptions from "./Subscriptions.ts"

export interface TopicDeps {
  readonly people: People.People
  readonly subscriptions: Subscriptions.Subscriptions
  readonly conversations: ConversationStore["Service"]
  readonly conversing: Parameters<typeof Conversation.entities>[0]
  readonly hydration: Hydration
  readonly marks: Marks
  readonly relations: Rules.Relations
  /** Whether a post is another datacenter's. */
  readonly isFar: (id: bigint) => boolean
  readonly bufferMax: number
}

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(TopicEvent))
const utf8 = new TextDecoder()

/** People whose rules and marks are asked for at once. */
const peopleAtOnce = 64

/** Posts that were told of lately: fan-out may repeat itself. */
const recentMax = 4_096

/** Messages that wait; beyond them some are left out. */
const waitingMax = 4_096

/** Each client that listens to one of the topics, once, with the keys under which it does. */
const listeners = (deps: TopicDeps, { postId, topics }: TopicEvent): Map<Client.Client, Array<string>> => {
  const found = new Map<Client.Client, Array<string>>()
  const isFar = deps.isFar(BigInt(postId))
  for (const key of topics.flatMap((topic) => StreamNames.ofTopic(topic, isFar))) {
    for (const client of deps.subscriptions.get(key) ?? []) found.set(client, [...(found.get(client) ?? []), key])
  }
  return found
}

const send = (deps: TopicDeps, found: ReadonlyArray<readonly [Client.Client, ReadonlyArray<string>]>, frame: Frames.Frame): void => {
  for (const [client, keys] of found) for (const key of keys) Client.send(client, frame, key, deps.bufferMax)
}

/** A status for each listener who may see it, with their own marks. */
const sendStatus = (deps: TopicDeps, found: Map<Client.Client, Array<string>>, kind: "update" | "edit", item: Hydrated) => {
  const name = kind === "edit" ? "status.update" : "update"
  const byAccount = Map.groupBy(found, ([client]) => client.account.id)
  let plain: Frames.Frame | undefined
  return Effect.forEach(byAccount.values(), (own) => {
    const viewer: Account = own[0]![0].account
    return Effect.flatMap(Rules.visible(deps.relations, viewer, [item], "offered"), (seen) =>
      seen.length === 0 ? Effect.void : Effect.map(deps.marks.of(viewer, [item]), (marks) =>
        send(deps, own, marks.size === 0 ? plain ??= Frames.status(name, item, marks) : Frames.status(name, item, marks))))
  }, { concurrency: peopleAtOnce, discard: true })
}

/** The conversation of each of those who take part, are here, and listen. */
const sendConversations = (deps: TopicDeps, { people, postId }: TopicEvent): Effect.Effect<void, StoreError> => {
  const here = new Map<bigint, ReadonlyArray<Client.Client>>()
  const wanted = new Set(people)
  for (const person of deps.people.byNo.values()) {
    if (!wanted.has(String(person.account.id))) continue
    const clients = People.clientsOf(person).filter((client) => client.wake === undefined && Subscriptions.listens(client, "direct"))
    if (clients.length > 0) here.set(person.account.id, clients)
  }
  if (here.size === 0) return Effect.void
  const accounts = [...here.values()].map((clients) => clients[0]!.account)
  return Effect.flatMap(deps.conversations.ofPost(PostId.make(BigInt(postId)), accounts.map((account) => account.id)), (rows) =>
    Effect.forEach(rows, (row) => {
      const clients = here.get(row.account)!
      return Effect.map(Conversation.entities(deps.conversing, clients[0]!.account, [row]), ([entity]) => {
        if (entity === undefined) return
        send(deps, clients.map((client) => [client, ["direct"]] as const), Frames.make("conversation", JSON.stringify(entity)))
      })
    }, { concurrency: peopleAtOnce, discard: true }))
}

const apply = (deps: TopicDeps, event: TopicEvent): Effect.Effect<void, StoreError> => {
  const found = listeners(deps, event)
  const id = BigInt(event.postId)
  if (event.kind !== "update") deps.hydration.dropPost(id)
  if (event.people.length > 0 && event.kind === "update") return sendConversations(deps, event)
  if (found.size === 0) return Effect.void
  const { kind } = event
  if (kind === "delete") return Effect.sync(() => send(deps, [...found], Frames.deleted(id)))
  return Effect.flatMap(deps.hydration.posts([id]), ([item]) =>
    item === undefined ? Effect.void : sendStatus(deps, found, kind, item))
}

/** Whether a post was told of already. */
const makeRecent = () => {
  const recent = new Set<string>()
  return ({ kind, postId }: TopicEvent): boolean => {
    if (kind !== "update") return false
    if (recent.has(postId)) return true
    recent.add(postId)
    if (recent.size > recentMax) recent.delete(recent.values().next().value!)
    return false
  }
}

const listenOnce = (bus: Bus["Service"], deps: TopicDeps, isRepeat: (event: TopicEvent) => boolean) =>
  Effect.scoped(Effect.gen(function*() {
    const deliveries = yield* bus.subscribe(topicSubject, { bufferMax: waitingMax })
    yield* Stream.runForEach(deliveries, (delivery) => {
      if (delivery._tag !== "Message") return Effect.void
      return decode(utf8.decode(delivery.data)).pipe(
        Effect.flatMap((event) => isRepeat(event) ? Effect.void : apply(deps, event)),
        Effect.catchCause((cause) => Effect.logWarning(Logs.names.streamDropped, cause))
      )
    })
  }))

/** Listens for as long as the scope is open; subscribes again when the subscription fails or ends. */
export const listen = (bus: Bus["Service"], deps: TopicDeps): Effect.Effect<void, never, Scope.Scope> =>
  listenOnce(bus, deps, makeRecent()).pipe(Effect.exit, Effect.repeat(Schedule.spaced(500)), Effect.forkScoped, Effect.asVoid)
