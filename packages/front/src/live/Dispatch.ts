/** Events of a shard become frames on the sockets of the people they are for. */
import * as EventBatch from "@rookery/protocol/EventBatch"
import { Effect } from "effect"
import type { StoreError } from "@rookery/store/StoreError"
import type { Hydrated, Hydration } from "../read/Hydration.ts"
import type { Marks, ViewerMarks } from "../read/Marks.ts"
import * as Rules from "../read/Rules.ts"
import type { Shunned } from "../read/Shunned.ts"
import * as Client from "./Client.ts"
import * as Frames from "./Frames.ts"
import * as People from "./People.ts"

export interface DispatchDeps {
  readonly people: People.People
  readonly hydration: Hydration
  readonly marks: Marks
  readonly shunned: Shunned
  readonly bufferMax: number
}

const noMarks: ViewerMarks = new Map()

/** Marks of many people at once are asked for by so many together. */
const marksAtOnce = 64

const sendTo = (deps: DispatchDeps, person: People.Person | undefined, frame: Buffer): void => {
  if (person === undefined) return
  for (const client of People.clientsOf(person)) if (client.user) Client.send(client, frame, deps.bufferMax)
}

/**
 * A status for each of the people; those who have no marks on it share one frame. The shard names followers only, as it
 * knows them at this moment; all other rules are applied here.
 */
const dispatchStatus = (deps: DispatchDeps, event: EventBatch.LiveEvent, item: Hydrated): Effect.Effect<void, StoreError> => {
  const name: Frames.StatusEvent = event.kind === EventBatch.kinds.edit ? "status.update" : "update"
  let plain: Buffer | undefined
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

/** Takes one chunk of a shard's events, in order. What cannot be loaded is left out: the home timeline has it. */
export const dispatch = (deps: DispatchDeps, events: ReadonlyArray<EventBatch.LiveEvent>): Effect.Effect<void, StoreError> =>
  Effect.suspend(() => {
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
  })
