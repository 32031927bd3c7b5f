/** The bus within one process. Loses nothing but what a subscriber is too slow for. */
import { busMessages } from "@rookery/observe/Metrics"
import { Effect, Layer } from "effect"
import { Bus } from "../Bus.ts"
import * as Inbox from "../Inbox.ts"
import * as Subject from "../Subject.ts"

const sent = busMessages.at("out")

/** One bus; whoever shares the layer shares it. */
export const layer: Layer.Layer<Bus> = Layer.sync(Bus, () => {
  const inboxes = new Map<string, Set<Inbox.Inbox>>()

  const publish = (subject: string, data: Uint8Array) =>
    Effect.andThen(
      Subject.check(subject, data),
      Effect.sync(() => {
        sent.value++
        for (const inbox of inboxes.get(subject) ?? []) inbox.message(subject, data.slice())
      })
    )

  const join = (subject: string, inbox: Inbox.Inbox) =>
    Effect.sync(() => {
      const members = inboxes.get(subject) ?? new Set()
      inboxes.set(subject, members.add(inbox))
    })
  const leave = (subject: string, inbox: Inbox.Inbox) =>
    Effect.sync(() => {
      const members = inboxes.get(subject)
      members?.delete(inbox)
      if (members?.size === 0) inboxes.delete(subject)
    })

  const subscribe = (subject: string, options?: { readonly bufferMax?: number }) =>
    Effect.gen(function*() {
      yield* Subject.checkSubject(subject)
      const inbox = yield* Inbox.make(options?.bufferMax ?? Inbox.bufferMaxDefault)
      yield* Effect.acquireRelease(join(subject, inbox), () => leave(subject, inbox))
      return inbox.deliveries
    })

  return { publish, subscribe, ping: Effect.void }
})
