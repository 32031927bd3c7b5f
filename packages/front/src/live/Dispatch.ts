/** Events of a shard become frames on the streams of the people they are for. */
import * as EventBatch from "@rookery/protocol/EventBatch"
import type { StoreError } from "@rookery/store/StoreError"
import { Effect } from "effect"
import type { Hydrated, Hydration } from "../read/Hydration.ts"
import type { Marks, ViewerMarks } from "../read/Marks.ts"
import * as Notices from "../read/Notices.ts"
import type { Reader } from "../read/Reader.ts"
import * as Rules from "../read/Rules.ts"
import type { Shunned } from "../read/Shunned.ts"
import * as Client from "./Client.ts"
import * as Frames from "./Frames.ts"
import * as NoticeRows from "./NoticeRows.ts"
import * as People from "./People.ts"
import * as Subscriptions from "./Subscriptions.ts"

export interface DispatchDeps {
  readonly people: People.People
  readonly hydration: Hydration
  readonly reader: Reader
  readonly notices: NoticeRows.NoticeRows
  readonly marks: Marks
  readonly shunned: Shunned
  readonly bufferMax: number
}

const noMarks: ViewerMarks = new Map()

/** Marks of many people at once are asked for by so many together. */
const marksAtOnce = 64

/** Frames of the home timeline go to the stream `user`. */
const sendTo = (deps: DispatchDeps, person: People.Person | undefined, frame: Frames.Frame): void => {
  if (person === undefined) return
  for (const client of People.clientsOf(person)) {
    if (client.wake !== undefined) client.wake()
    else if (Subscriptions.listens(client, "user")) Client.send(client, frame, "user", deps.bufferMax)
  }
}

/** A notification goes once to each connection that hears of any, under the widest of its streams. */
const sendNotice = (deps: DispatchDeps, person: People.Person, frame: Frames.Frame): void => {
  for (const client of People.clientsOf(person)) {
    if (client.wake !== undefined) client.wake()
    else if (!client.mayNotices) continue
    else if (Subscriptions.listens(client, "user")) Client.send(client, frame, "user", deps.bufferMax)
    else if (Subscriptions.listens(client, "user:notification")) Client.send(client, frame, "user:notification", deps.bufferMax)
  }
}

/**
 * A status for each of the people; those who have no marks on it share one frame. The shard names followers only, as it
 * knows them at this moment; all other rules are applied here.
 */
const dispatchStatus = (deps: DispatchDeps, event: EventBatch.LiveEvent, item: Hydrated): Effect.Effect<void, StoreError> => {
  const name = event.kind === EventBatch.kinds.edit ? "status.update" : "update"
  let plain: Frames.Frame | undefined
  return Effect.forEach(event.people, (no) => {
    const person = deps.people.byNo.get(no)
    if (person === undefined) return Effect.void
    return Effect.flatMap(Rules.mayHear(deps.shunned, person.account, item), (mayHear) => {
      if (!mayHear) return Effect.void
      return Effect.map(deps.marks.of(person.account, [item]), (marks) =>
        sendTo(deps, person, marks.size === 0 ? plain ??= Frames.status(name, item, noMarks) : Frames.status(name, item, marks)))
    })
  }, { concurrency: marksAtOnce, discard: true })
}

const dispatchDelete = (deps: DispatchDeps, event: EventBatch.LiveEvent): void => {
  const frame = Frames.deleted(event.postId)
  for (const no of event.people) sendTo(deps, deps.people.byNo.get(no), frame)
}

/** Notifications of all who are here, shown to each as their rules say. */
const dispatchNotices = (deps: DispatchDeps, events: ReadonlyArray<EventBatch.LiveEvent>): Effect.Effect<void, StoreError> => {
  const pairs = events.flatMap(({ people, postId }) =>
    people.flatMap((no) => {
      const person = deps.people.byNo.get(no)
      return person === undefined ? [] : [{ person, account: person.account.id, id: postId }]
    }))
  if (pairs.length === 0) return Effect.void
  return Effect.flatMap(NoticeRows.all(deps.notices, pairs), (rows) => {
    // The counts that the like, repost or edit changed are to be seen with it; its own hint may be slower than this.
    for (const { object } of rows) if (object !== null) deps.hydration.dropPost(object)
    const byAccount = Map.groupBy(rows, (row) => row.account)
    const people = new Set(pairs.map(({ person }) => person))
    return Effect.forEach(people, (person) => {
      const own = (byAccount.get(person.account.id) ?? []).toSorted((a, b) => a.id < b.id ? -1 : 1)
      return Effect.map(Notices.show(deps, person.account, own), (notices) => {
        for (const notice of notices) sendNotice(deps, person, Frames.make("notification", Notices.json(notice)))
      })
    }, { concurrency: marksAtOnce, discard: true })
  })
}

/** Pairs of one query, at most. */
const noticesAtOnce = 500

const isNotice = (event: EventBatch.LiveEvent): boolean => event.kind === EventBatch.kinds.notification

const dispatchPosts = (deps: DispatchDeps, events: ReadonlyArray<EventBatch.LiveEvent>): Effect.Effect<void, StoreError> => {
  const ids = new Set<bigint>()
  for (const { kind, postId } of events) {
    if (kind !== EventBatch.kinds.update) deps.hydration.dropPost(postId)
    if (kind !== EventBatch.kinds.delete) ids.add(postId)
  }
  const wanted = [...ids]
  return Effect.flatMap(deps.hydration.posts(wanted), (items) => {
    const byId = new Map(wanted.map((id, i) => [id, items[i]]))
    return Effect.forEach(events, (event) => {
      if (event.kind === EventBatch.kinds.delete) return Effect.sync(() => dispatchDelete(deps, event))
      const item = byId.get(event.postId)
      return item === undefined ? Effect.void : dispatchStatus(deps, event, item)
    }, { discard: true })
  })
}

/** Takes one chunk of a shard's events, in order. What cannot be loaded is left out: the lists have it. */
export const dispatch = (deps: DispatchDeps, events: ReadonlyArray<EventBatch.LiveEvent>): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => {
    const notices = events.filter(isNotice)
    const parts = Array.from({ length: Math.ceil(notices.length / noticesAtOnce) }, (_, i) =>
      notices.slice(i * noticesAtOnce, (i + 1) * noticesAtOnce))
    const posts = notices.length === events.length ? Effect.void : dispatchPosts(deps, events.filter((event) => !isNotice(event)))
    return Effect.andThen(posts, Effect.forEach(parts, (part) => dispatchNotices(deps, part), { discard: true }))
  })
